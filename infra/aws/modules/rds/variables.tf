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

variable "instance" {
  type        = string
  description = "Which instance of the region, such as reservation; the identifier is <name>-<instance>."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.instance))
    error_message = "Use lower-case letters, digits and hyphens, a letter first."
  }
}

variable "vpc_id" {
  type        = string
  description = "Id of the VPC."

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "Give the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  type        = list(string)
  description = "Ids of the database subnets, in at least two zones."

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "Give database subnets in at least two zones: the standby is in another zone."
  }
}

variable "engine_version" {
  type        = string
  default     = "17"
  description = "Version of PostgreSQL; only the major one, so that RDS chooses and updates the minor one."

  validation {
    condition     = can(regex("^1[5-9]$", var.engine_version))
    error_message = "Give a major version from 15 on, such as 17."
  }
}

variable "instance_class" {
  type        = string
  description = "Class of the instance, such as db.m7g.large."

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "Give a class such as db.m7g.large."
  }
}

variable "storage_gib" {
  type = object({
    initial = number
    max     = number
  })
  default     = { initial = 50, max = 500 }
  description = "GiB of storage at first, and up to which it grows by itself."

  validation {
    condition     = var.storage_gib.initial >= 20 && var.storage_gib.max >= ceil(var.storage_gib.initial * 1.1)
    error_message = "Give at least 20 GiB, and a max at least 10 % above it, as RDS wants for growing storage."
  }
}

variable "max_connections" {
  type        = number
  default     = 400
  description = "Connections that the instance accepts. Services' preconditions are calculated from it."

  validation {
    condition     = var.max_connections >= 50 && var.max_connections <= 5000
    error_message = "Give 50 to 5000. A connection takes about 10 MiB of memory."
  }
}

variable "multi_az" {
  type        = bool
  default     = true
  description = "Whether a standby in another zone takes over."
}

variable "certificate_authority" {
  type        = string
  default     = "rds-ca-rsa2048-g1"
  description = <<-EOT
    Who signs the instance's certificate. The images must hold it: /etc/ssl/certs/rds-ca.pem. null: the account's default, only
    for tests. Otherwise the provider modifies each new instance, and waits for it once more.
  EOT

  validation {
    condition     = var.certificate_authority == null ? true : var.certificate_authority == "rds-ca-rsa2048-g1"
    error_message = "The images hold rds-ca-rsa2048-g1 only (infra/images/rds-ca.pem). Give that, or null in a test."
  }
}

variable "backup_days" {
  type        = number
  default     = 14
  description = "Days to any second of which the instance can be restored."

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "Give 7 to 35 days; RDS keeps at most 35."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether the instance can be deleted only after this is false, and leaves a last snapshot. false only for tests."
}

variable "replica_of" {
  type        = string
  default     = null
  description = "ARN of the instance in another region that this one copies. null: it is an instance of its own."

  validation {
    condition     = var.replica_of == null || can(regex("^arn:aws:rds:[a-z0-9-]+:[0-9]{12}:db:", var.replica_of))
    error_message = "Give the ARN of an instance (arn:aws:rds:region:account:db:name)."
  }
}

variable "master_password" {
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
  description = "Password of the master user, if another region copies the instance. It is not kept."

  validation {
    condition     = var.master_password == null || try(length(var.master_password) >= 16 && length(var.master_password) <= 128, false)
    error_message = "The password has 16 to 128 characters, or is null."
  }
}

variable "master_password_generation" {
  type        = number
  default     = 0
  description = <<-EOT
    0: RDS makes and changes the master password itself. Otherwise master_password is written, again after each increase.
    Only for an instance that another region copies: RDS refuses a copy of one whose password it manages.
  EOT

  validation {
    condition     = var.master_password_generation >= 0
    error_message = "The generation is 0 or more."
  }
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days for which CloudWatch keeps the logs."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_retention_days)
    error_message = "CloudWatch accepts 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 or 400 days here."
  }
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that bounds every role. The role of delivery may create no role without it."

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws:iam::[0-9]{12}:policy/", var.permissions_boundary))
    error_message = "Give the ARN of a policy (arn:aws:iam::...:policy/...), or null."
  }
}
