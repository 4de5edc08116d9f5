variable "name" {
  type        = string
  default     = "jari"
  description = "Prefix of the bucket and of the key's alias."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,27}$", var.name))
    error_message = "Use 3 to 28 lower-case letters, digits and hyphens, the first a letter: the bucket's name is made from it."
  }
}

variable "aws_region" {
  type        = string
  default     = "ap-northeast-2"
  description = "AWS region of the bucket."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "Give an AWS region id such as ap-northeast-2."
  }
}

variable "old_version_days" {
  type        = number
  default     = 365
  description = "Days for which replaced versions of a state are kept."

  validation {
    condition     = var.old_version_days >= 30 && floor(var.old_version_days) == var.old_version_days
    error_message = "Keep old versions for at least 30 whole days: a damaged state may be noticed late."
  }
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
