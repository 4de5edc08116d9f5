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

variable "repositories" {
  type        = set(string)
  description = "Images to keep, such as reservationd. The repository is <name>/<image>."

  validation {
    condition     = alltrue([for r in var.repositories : can(regex("^[a-z][a-z0-9-]+$", r))])
    error_message = "Use lower-case letters, digits and hyphens."
  }
}

variable "kept_images" {
  type        = number
  default     = 30
  description = "Images that each repository keeps; older ones are deleted."

  validation {
    condition     = var.kept_images >= 10
    error_message = "Keep at least 10 images, so that the one to roll back to is still there."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether repositories and the bucket can be deleted only when they are empty. false only for tests."
}
