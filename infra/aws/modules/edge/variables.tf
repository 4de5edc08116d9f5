variable "name" {
  type        = string
  description = "Prefix of all names, such as jari-prod."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,27}$", var.name))
    error_message = "Use 3 to 28 lower-case letters, digits and hyphens, the first a letter: bucket names are made from it."
  }
}

variable "domain_name" {
  type        = string
  description = "Name that diners type, such as jari.example."

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "Give a host name in lower case without scheme and path, such as jari.example."
  }
}

variable "alternative_names" {
  type        = set(string)
  default     = []
  description = "Further names of the same page, such as www.jari.example. All of them are in the zone zone_id."

  validation {
    condition     = alltrue([for n in var.alternative_names : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", n))])
    error_message = "Give host names in lower case without scheme and path, such as www.jari.example."
  }
}

variable "zone_id" {
  type        = string
  description = "Id of the Route 53 hosted zone that gets the records of the page and of the certificate."

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.zone_id))
    error_message = "Give the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "regions" {
  type = map(object({
    aws_region    = string
    origin_domain = string
    countries     = optional(set(string), [])
    serves        = optional(bool, true)
  }))
  description = <<-EOT
    Label of a region → its AWS region id (which is also the id of its origin), the host name of its load balancer, and the
    countries (ISO 3166) that go there in addition to those of infra/edge/countries.json. serves = false takes a region out
    of the store: its viewers go to the default region. Do that first, and remove the entry in a later apply.
  EOT

  validation {
    condition     = alltrue([for label in keys(var.regions) : can(regex("^[a-z]{2,8}$", label))])
    error_message = "A label has 2 to 8 lower-case letters, such as kr."
  }

  validation {
    condition     = alltrue([for r in var.regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", r.aws_region))])
    error_message = "aws_region is an AWS region id such as ap-northeast-2."
  }

  validation {
    condition     = length(distinct([for r in var.regions : r.aws_region])) == length(var.regions)
    error_message = "Each AWS region may stand in one entry only, because its id is the id of the origin."
  }

  validation {
    condition     = alltrue([for r in var.regions : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", r.origin_domain))])
    error_message = "origin_domain is a host name in lower case without scheme and path, such as kr.origin.jari.example."
  }

  validation {
    condition     = alltrue(flatten([for r in var.regions : [for c in r.countries : can(regex("^[A-Z]{2}$", c))]]))
    error_message = "countries are ISO 3166 codes of two capital letters, such as DE."
  }

  validation {
    condition = (
      length(distinct(flatten([for r in var.regions : tolist(r.countries)])))
      == sum(concat([0], [for r in var.regions : length(r.countries)]))
    )
    error_message = "A country may stand in the list of one region only."
  }
}

variable "users_region" {
  type        = string
  default     = null
  description = "AWS region id of the region whose database of users is written; null for the function's default region."

  validation {
    condition     = var.users_region == null ? true : contains([for r in var.regions : r.aws_region if r.serves], var.users_region)
    error_message = "users_region must be the aws_region of an entry in regions that serves."
  }
}

variable "page_bucket_domain_name" {
  type        = string
  description = "Regional domain name of the bucket of the page (output of the module page)."

  validation {
    condition     = can(regex("\\.s3\\.[a-z0-9-]+\\.amazonaws\\.com$", var.page_bucket_domain_name))
    error_message = "Give the regional name (BUCKET.s3.REGION.amazonaws.com): the global one redirects to it at first."
  }
}

variable "web_acl_arn" {
  type        = string
  description = "ARN of the web ACL in front of page and API (output of the module web_acl)."

  validation {
    condition     = can(regex("^arn:aws:wafv2:us-east-1:[0-9]{12}:global/webacl/", var.web_acl_arn))
    error_message = "Give the ARN of a web ACL for CloudFront: its scope is global, and its region is us-east-1."
  }
}

variable "origin_secret" {
  type        = string
  sensitive   = true
  description = "Value of the header that the load balancers require, so that nobody reaches them past this distribution."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{32,128}$", var.origin_secret))
    error_message = "Give 32 to 128 random letters, digits, - or _ (for example: openssl rand -hex 32)."
  }
}

variable "origin_secret_header" {
  type        = string
  default     = "jari-origin-secret"
  description = "Name of that header."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.origin_secret_header)) && !can(regex("^x-(edge|amz)", var.origin_secret_header))
    error_message = "Use lower-case letters, digits and hyphens, and no name that CloudFront reserves (x-edge-, x-amz-)."
  }
}

variable "price_class" {
  type        = string
  default     = "PriceClass_200"
  description = "Where CloudFront has edge locations for us. PriceClass_200 is the cheapest one with Korea."

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "Use PriceClass_100 (no Korea: only for tests), PriceClass_200 or PriceClass_All."
  }
}

variable "access_log_days" {
  type        = number
  default     = 365
  description = "Days for which access logs are kept in S3."

  validation {
    condition     = var.access_log_days >= 1 && floor(var.access_log_days) == var.access_log_days
    error_message = "Days are a whole number from 1."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether Terraform refuses to delete a bucket that is not empty. Switch it off only for tests and staging."
}
