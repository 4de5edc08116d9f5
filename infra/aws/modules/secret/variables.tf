variable "name" {
  type        = string
  description = "Full name of the secret, such as /jari/prod/kr/user/USER_DATABASE_URL."

  validation {
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", var.name))
    error_message = "Use letters, digits and / _ + = . @ - only, as Secrets Manager does."
  }
}

variable "description" {
  type        = string
  description = "What the secret is, for people who read the list of secrets."

  validation {
    condition     = length(var.description) > 0
    error_message = "Say what the secret is."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the secret."

  validation {
    condition     = can(regex("^arn:aws:kms:", var.kms_key_arn))
    error_message = "Give the ARN of a KMS key (arn:aws:kms:...), not its id or alias."
  }
}

variable "value" {
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
  description = "The value, which Terraform writes and does not keep. Only with a generation of 1 or more."

  validation {
    condition     = var.value == null || try(length(var.value) > 0, false)
    error_message = "The value is a text, or null when people store it."
  }
}

variable "generation" {
  type        = number
  default     = 0
  description = <<-EOT
    0: a person or another program stores the value. 1: Terraform writes the value once. Increase it by 1 to write the
    value anew; Terraform cannot see whether the value differs.
  EOT

  validation {
    condition     = var.generation >= 0 && floor(var.generation) == var.generation
    error_message = "The generation is a whole number: 0, 1, 2 and so on."
  }
}

variable "recovery_days" {
  type        = number
  default     = 30
  description = "Days for which a deleted secret can be restored; 0 deletes at once, only for tests."

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "Secrets Manager accepts 7 to 30 days, or 0 for none."
  }
}
