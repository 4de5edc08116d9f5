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

variable "domain" {
  type        = string
  description = "Domain of the senders, such as jari.example."

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.domain))
    error_message = "Give a domain in lower case, such as jari.example."
  }
}

variable "zone_id" {
  type        = string
  description = "Id of the domain's Route 53 zone, in which the records are written."

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.zone_id))
    error_message = "Give the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "region_label" {
  type        = string
  description = "Short name of the region, such as kr; part of the domain to which bounces come."

  validation {
    condition     = can(regex("^[a-z]{2,8}$", var.region_label))
    error_message = "Use lower-case letters, such as kr."
  }
}

variable "dmarc_record" {
  type        = string
  default     = null
  description = "Text of the DMARC record. The domain has it once: give it in one region only."

  validation {
    condition     = var.dmarc_record == null || try(startswith(var.dmarc_record, "v=DMARC1; p="), false)
    error_message = "The record begins with \"v=DMARC1; p=\", such as v=DMARC1; p=quarantine."
  }
}
