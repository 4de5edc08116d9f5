variable "name" {
  type        = string
  description = "Prefix of all names, such as jari-prod-kr."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "Use lower-case letters, digits and hyphens, 3 to 31 of them, a letter first."
  }
}

variable "region" {
  type        = string
  description = "AWS region id, such as ap-northeast-2."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Give a region id such as ap-northeast-2."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "ARN of the KMS key of the region."

  validation {
    condition     = can(regex("^arn:aws:kms:", var.kms_key_arn))
    error_message = "Give the ARN of a KMS key (arn:aws:kms:...), not its id or alias."
  }
}

variable "function" {
  type        = string
  description = "The function, such as indexer; prefix of its environment variables."

  validation {
    condition     = can(regex("^[a-z]{2,20}$", var.function))
    error_message = "Use lower-case letters, such as indexer."
  }
}

variable "package" {
  type        = object({ bucket = string, key = string })
  description = "The zip file with the program as bootstrap. The key has the digest of its content."

  validation {
    condition     = can(regex("[0-9a-f]{64}", var.package.key))
    error_message = "The key must hold the SHA-256 of the package, such as indexerd/<sha256>.zip; else a new package is not noticed."
  }
}

variable "memory" {
  type        = number
  default     = 256
  description = "MiB of memory; CPU grows with it."

  validation {
    condition     = var.memory >= 128 && var.memory <= 10240
    error_message = "Lambda accepts 128 to 10240 MiB."
  }
}

variable "timeout_seconds" {
  type        = number
  default     = 30
  description = "Seconds after which a call is ended."

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "Lambda accepts 1 to 900 seconds."
  }
}

variable "concurrency" {
  type        = number
  default     = -1
  description = "Calls at the same time at most; -1: as many as the account allows."

  validation {
    condition     = var.concurrency == -1 || var.concurrency >= 1
    error_message = "Give -1 or at least 1; 0 would switch the function off."
  }
}

variable "environment" {
  type        = map(string)
  default     = {}
  description = "Environment variables. No secrets: everybody who may see the function sees them."

  validation {
    condition     = alltrue([for k in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", k))])
    error_message = "Names of variables are upper-case letters, digits and underscores."
  }
}

variable "secrets" {
  type        = map(string)
  default     = {}
  description = <<-EOT
    Environment variables from Secrets Manager: variable to ARN of the secret. Lambda has no such references, so the
    program gets <VARIABLE>_SECRET_ARN and reads the value when it starts.
  EOT

  validation {
    condition     = alltrue([for a in values(var.secrets) : can(regex("^arn:aws:secretsmanager:", a))])
    error_message = "Give ARNs of secrets (arn:aws:secretsmanager:...)."
  }
}

variable "vpc" {
  type        = object({ vpc_id = string, subnet_ids = list(string) })
  default     = null
  description = "VPC and private subnets, if the function reaches something there. null: outside of a VPC."

  validation {
    condition     = var.vpc == null || try(startswith(var.vpc.vpc_id, "vpc-") && length(var.vpc.subnet_ids) > 0, false)
    error_message = "Give a VPC and at least one subnet, or null."
  }
}

variable "stream" {
  type = object({
    arn                    = string
    batch_size             = optional(number, 100)
    batch_window_seconds   = optional(number, 1)
    max_retries            = optional(number, 10)
    max_record_age_seconds = optional(number, 21600)
    parallel_batches       = optional(number, 1)
  })
  default     = null
  description = "DynamoDB stream whose records the function gets. null: none."

  validation {
    condition     = var.stream == null || can(regex("^arn:aws:dynamodb:.*/stream/", var.stream.arn))
    error_message = "Give the ARN of a table's stream (arn:aws:dynamodb:...:table/NAME/stream/TIME)."
  }
  validation {
    condition     = var.stream == null || try(var.stream.batch_window_seconds <= 300 && var.stream.batch_size <= 10000, false)
    error_message = "Lambda waits at most 300 seconds for at most 10000 records."
  }
  validation {
    condition = var.stream == null || try(
      var.stream.max_retries >= 1 && var.stream.max_record_age_seconds >= 60 && var.stream.max_record_age_seconds <= 86400, false
    )
    error_message = "Bound the retries (1 or more) and the age (60 to 86400 s: a stream keeps a day), or a poison record stops its shard."
  }
}

variable "schedule" {
  type        = string
  default     = null
  description = "When the function is called, such as rate(1 minute). null: never by the clock."

  validation {
    condition     = var.schedule == null || can(regex("^(rate|cron|at)\\(.+\\)$", var.schedule))
    error_message = "Write rate(...), cron(...) or at(...), as EventBridge Scheduler does."
  }
}

variable "policy_statements" {
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(string)), {})
  }))
  default     = []
  description = "What the program may do in AWS, beside what the module itself allows."

  validation {
    condition     = !anytrue(flatten([for s in var.policy_statements : [for a in s.actions : strcontains(a, "*")]]))
    error_message = "Name each action, such as dynamodb:GetItem, instead of a pattern."
  }
  validation {
    condition     = !anytrue([for s in var.policy_statements : contains(s.resources, "*") && length(s.condition) == 0])
    error_message = "Give ARNs. Where AWS knows no resource, \"*\" needs a condition, such as aws:RequestedRegion."
  }
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days for which CloudWatch keeps the logs."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_retention_days)
    error_message = "CloudWatch accepts 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 or 400 days here."
  }
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that bounds every role. The role of delivery may create no role without it."

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws:iam::[0-9]{12}:policy/", var.permissions_boundary))
    error_message = "Give the ARN of a policy (arn:aws:iam::...:policy/...), or null."
  }
}
