variable "name" {
  type        = string
  description = "Prefix of all resources of the environment, such as jari-prod."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,27}$", var.name))
    error_message = "Use 3 to 28 lower-case letters, digits and hyphens, the first a letter."
  }
}

variable "environment" {
  type        = string
  description = "Name of the environment: the path of its parameters and secrets, of its states, and of the one on GitHub."

  validation {
    condition     = can(regex("^[a-z]{2,16}$", var.environment))
    error_message = "Use 2 to 16 lower-case letters, such as prod."
  }
}

variable "repository" {
  type        = string
  description = "The repository on GitHub whose workflows may take the roles, as OWNER/NAME."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "Give OWNER/NAME, such as example/jari, without a wildcard: anybody could make a matching repository."
  }
}

variable "create_provider" {
  type        = bool
  default     = true
  description = "Whether to create GitHub's identity provider. An account has one: set it to false in the second environment."
}

variable "aws_regions" {
  type        = set(string)
  description = "AWS regions in which the apply role may act. us-east-1 is always added, because global services are there."

  validation {
    condition     = length(var.aws_regions) > 0 && alltrue([for r in var.aws_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", r))])
    error_message = "Give at least one AWS region id, such as ap-northeast-2."
  }
}

variable "state_bucket" {
  type        = string
  description = "Name of the bucket of Terraform's state (output of the stack state)."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "Give the name of the bucket, not its ARN."
  }
}

variable "state_key_arn" {
  type        = string
  description = "ARN of the KMS key of that bucket (output of the stack state)."

  validation {
    condition     = can(regex("^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/", var.state_key_arn))
    error_message = "Give the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), not its id or alias."
  }
}
