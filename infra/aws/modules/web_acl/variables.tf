variable "name" {
  type        = string
  description = "Prefix of all names, such as jari-prod."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,27}$", var.name))
    error_message = "Use 3 to 28 lower-case letters, digits and hyphens, the first a letter."
  }
}

variable "rate_limit_per_minute" {
  type        = number
  default     = 10000
  description = <<-EOT
    Requests to the API that one IP address may send in a minute; more get 429. Mobile networks put many diners behind one
    address, so a limit for one person would lock out a neighbourhood at 10:00.
  EOT

  validation {
    condition     = var.rate_limit_per_minute >= 100 && floor(var.rate_limit_per_minute) == var.rate_limit_per_minute
    error_message = "The limit is a whole number from 100."
  }
}

variable "max_body_kib" {
  type        = number
  default     = 64
  description = "Largest body of a request in KiB; more get 413. AWS WAF cannot see further than 64 KiB into a body."

  validation {
    condition     = contains([16, 32, 48, 64], var.max_body_kib)
    error_message = "AWS WAF inspects 16, 32, 48 or 64 KiB of a body: use one of these."
  }
}

variable "counted_rules" {
  type        = set(string)
  default     = ["SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING"]
  description = <<-EOT
    Rules of AWSManagedRulesCommonRuleSet that count and do not block. The two by default are too strict for this API: they
    stop bodies over 8 KiB (an owner's schedule; max_body_kib is the limit) and queries over 2 KiB (times of 50 restaurants).
  EOT

  validation {
    condition     = alltrue([for r in var.counted_rules : can(regex("^[A-Za-z]+_[A-Z]+$|^[A-Za-z0-9_]+$", r))])
    error_message = "Give names of rules of AWSManagedRulesCommonRuleSet, such as SizeRestrictions_BODY."
  }
}

variable "log_group_name" {
  type        = string
  description = "Name of the log group, which the policy of the key admits (output of the module edge)."

  validation {
    condition     = startswith(var.log_group_name, "aws-waf-logs-")
    error_message = "AWS WAF writes only to log groups whose names begin with aws-waf-logs-."
  }
}

variable "log_key_arn" {
  type        = string
  description = "ARN of the key that encrypts the log (output of the module edge)."

  validation {
    condition     = can(regex("^arn:aws:kms:us-east-1:[0-9]{12}:key/", var.log_key_arn))
    error_message = "Give the ARN of a KMS key in us-east-1, where the log group is."
  }
}
