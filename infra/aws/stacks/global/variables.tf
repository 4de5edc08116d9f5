variable "environment" {
  type        = string
  description = "Name of the environment, such as prod: part of all names and tags."

  validation {
    condition     = can(regex("^[a-z]{2,16}$", var.environment))
    error_message = "Use 2 to 16 lower-case letters, such as prod."
  }
}

variable "domain_name" {
  type        = string
  description = "Name that diners type. The hosted zone has this name."

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "Give a host name in lower case without scheme and path, such as jari.example."
  }
}

variable "alternative_names" {
  type        = set(string)
  default     = []
  description = "Further names of the page in the same zone, such as www.jari.example."

  validation {
    condition     = alltrue([for n in var.alternative_names : endswith(n, ".${var.domain_name}")])
    error_message = "Alternative names must be in the zone: they end with a dot and domain_name."
  }
}

variable "regions" {
  type = map(object({
    aws_region = string
    countries  = optional(set(string), [])
    serves     = optional(bool, true)
  }))
  description = <<-EOT
    All regions: label → AWS region id, the countries (ISO 3166) that go there in addition to those of
    infra/edge/countries.json, and serves = false to send its viewers to the primary region. The load balancer of a region
    is LABEL.origin.DOMAIN; the region's own stack creates that name.
  EOT

  validation {
    condition     = alltrue([for label in keys(var.regions) : can(regex("^[a-z]{2,8}$", label))])
    error_message = "A label has 2 to 8 lower-case letters, such as kr."
  }

  validation {
    condition     = alltrue([for r in var.regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", r.aws_region))])
    error_message = "aws_region is an AWS region id such as ap-northeast-2."
  }
}

variable "primary" {
  type        = string
  default     = "kr"
  description = "Label of the primary region. Its AWS region must be the default region in infra/edge/viewer-request.js."

  validation {
    condition     = contains(keys(var.regions), var.primary)
    error_message = "primary must be a label of regions."
  }
}

variable "users_region" {
  type        = string
  default     = null
  description = "Label of the region that writes users: sign-ups go there; null for the primary one. Change it when a copy was promoted."

  validation {
    condition     = var.users_region == null || try(var.regions[var.users_region].serves, false)
    error_message = "users_region must be a label of regions, of one that serves."
  }
}

variable "origin_secret" {
  type        = string
  sensitive   = true
  description = <<-EOT
    Value of the header that the load balancers require. Give it as TF_VAR_origin_secret, never in a file. It is stored in
    Secrets Manager in every region, for the load balancers, and in the state, because the distribution has it.
  EOT

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{32,128}$", var.origin_secret))
    error_message = "Give 32 to 128 random letters, digits, - or _ (for example: openssl rand -hex 32)."
  }
}

variable "origin_secret_generation" {
  type        = number
  default     = 1
  description = "Increase it by 1 when origin_secret changes: Terraform does not compare the stored value."

  validation {
    condition     = var.origin_secret_generation >= 1 && floor(var.origin_secret_generation) == var.origin_secret_generation
    error_message = "The generation is a whole number from 1."
  }
}

variable "price_class" {
  type        = string
  default     = "PriceClass_200"
  description = "Where CloudFront has edge locations for us; the module edge explains it."

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "Give PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "rate_limit_per_minute" {
  type        = number
  default     = 10000
  description = "Requests to the API that one IP address may send in a minute; the module web_acl explains it."

  validation {
    condition     = var.rate_limit_per_minute >= 100 && floor(var.rate_limit_per_minute) == var.rate_limit_per_minute
    error_message = "The limit is a whole number from 100."
  }
}

variable "repository" {
  type        = string
  description = "The repository on GitHub whose workflows deliver, as OWNER/NAME."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "Give OWNER/NAME, such as example/jari."
  }
}

variable "create_github_provider" {
  type        = bool
  default     = true
  description = "Whether to create GitHub's identity provider. An account has one: set it to false in the second environment."
}

variable "state_bucket" {
  type        = string
  description = "Name of the bucket of Terraform's state (output bucket of the stack state)."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "Give the name of a bucket, not its ARN."
  }
}

variable "state_key_arn" {
  type        = string
  description = "ARN of the KMS key of that bucket (output key_arn of the stack state)."

  validation {
    condition     = can(regex("^arn:aws:kms:", var.state_key_arn))
    error_message = "Give the ARN of a KMS key (arn:aws:kms:...), not its id or alias."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether buckets with content and the zone with records resist deletion. Switch it off only for tests."
}

variable "max_retries" {
  type        = number
  default     = 25
  description = "How often a failed call to AWS is repeated. A small number makes a test against an emulator end early."

  validation {
    condition     = var.max_retries >= 1
    error_message = "Allow at least one repetition."
  }
}
