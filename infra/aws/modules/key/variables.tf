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

variable "deletion_days" {
  type        = number
  default     = 30
  description = "Days between the order to delete the key and its deletion. What it has encrypted cannot be read afterwards."

  validation {
    condition     = var.deletion_days >= 7 && var.deletion_days <= 30
    error_message = "KMS accepts 7 to 30 days."
  }
}
