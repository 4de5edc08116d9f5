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

variable "emails" {
  type        = set(string)
  default     = []
  description = "Addresses that get the alarms; each has to confirm once."

  validation {
    condition     = alltrue([for e in var.emails : can(regex("^[^@\\s]+@[^@\\s]+$", e))])
    error_message = "Give addresses such as oncall@jari.example."
  }
}

variable "load_balancer_suffix" {
  type        = string
  description = "The load balancer, as CloudWatch names it."

  validation {
    condition     = can(regex("^app/[^/]+/[0-9a-f]+$", var.load_balancer_suffix))
    error_message = "Give the part of the ARN after loadbalancer/, such as app/jari-prod-kr/0123456789abcdef."
  }
}

variable "databases" {
  type        = map(object({ identifier = string, min_free_gib = number }))
  default     = {}
  description = "Databases by name: identifier, and the free space in GiB below which somebody is notified."

  validation {
    condition     = alltrue([for d in values(var.databases) : d.min_free_gib >= 1])
    error_message = "Notify before the space has ended: at 1 GiB or more."
  }
}

variable "queues" {
  type        = map(string)
  default     = {}
  description = "Queues of what failed, by name: each message in them needs a person."

  validation {
    condition     = alltrue([for q in values(var.queues) : can(regex("^[A-Za-z0-9_-]{1,80}$", q))])
    error_message = "Give names of SQS queues, not their URLs or ARNs."
  }
}

variable "stream_functions" {
  type        = map(object({ function_name = string, max_age_seconds = number }))
  default     = {}
  description = "Functions that read a stream, by name, and the age of their oldest record above which somebody is notified."

  validation {
    condition     = alltrue([for f in values(var.stream_functions) : f.max_age_seconds >= 60 && f.max_age_seconds < 86400])
    error_message = "Give 60 to 86399 seconds: a stream keeps its records for a day."
  }
}

variable "monthly_budget_usd" {
  type        = number
  default     = null
  description = "Expected cost of the region in a month, in US dollars. null: the account has a budget of its own."

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "Give an amount above 0, or null for no budget."
  }
}
