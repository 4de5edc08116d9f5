variable "name" {
  type        = string
  description = "Prefix of all names, such as jari-prod-kr."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "Use lower-case letters, digits and hyphens, 3 to 31 of them, a letter first."
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

variable "replicas" {
  type        = map(object({ kms_key_arn = string }))
  default     = {}
  description = "Other regions that have a copy of the table: AWS region id to the KMS key there."

  validation {
    condition     = alltrue([for r in keys(var.replicas) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", r))])
    error_message = "Give region ids such as us-east-1 as keys."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether the table can be deleted only after this is false. false only for tests."
}
