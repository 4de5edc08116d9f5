variable "name" {
  type        = string
  description = "Prefix of all names, such as jari-prod."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,27}$", var.name))
    error_message = "Use 3 to 28 lower-case letters, digits and hyphens, the first a letter: bucket names are made from it."
  }
}

variable "distribution_arn" {
  type        = string
  description = "ARN of the only CloudFront distribution that may read the bucket (output of the module edge)."

  validation {
    condition     = can(regex("^arn:aws:cloudfront::[0-9]{12}:distribution/", var.distribution_arn))
    error_message = "Give the ARN of a distribution (arn:aws:cloudfront::ACCOUNT:distribution/ID), not its id."
  }
}

variable "old_version_days" {
  type        = number
  default     = 90
  description = "Days for which replaced files of the page are kept."

  validation {
    condition     = var.old_version_days >= 1 && floor(var.old_version_days) == var.old_version_days
    error_message = "Days are a whole number from 1."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether Terraform refuses to delete the bucket while it has files. Switch it off only for tests and staging."
}
