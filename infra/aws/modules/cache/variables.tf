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
    error_message = "Give database subnets in at least two zones: the replica is in another zone."
  }
}

variable "node_type" {
  type        = string
  default     = "cache.t4g.small"
  description = "Type of the nodes."

  validation {
    condition     = can(regex("^cache\\.", var.node_type))
    error_message = "Give a type such as cache.t4g.small."
  }
}

variable "nodes" {
  type        = number
  default     = 2
  description = "Nodes: the primary and its replicas."

  validation {
    condition     = var.nodes >= 2 && var.nodes <= 6
    error_message = "Give 2 to 6 nodes: with one there is nothing to fail over to."
  }
}

variable "auth_token" {
  type        = string
  sensitive   = true
  description = "Password that clients must give (AUTH)."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{32,128}$", var.auth_token))
    error_message = "Give 32 to 128 letters, digits, - or _: ElastiCache refuses most others, and the token stands in a URL."
  }
}

variable "snapshot_days" {
  type        = number
  default     = 7
  description = "Days for which the daily snapshots are kept."

  validation {
    condition     = var.snapshot_days >= 0 && var.snapshot_days <= 35
    error_message = "Give 0 to 35 days; 0 only for tests."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether a last snapshot is made when the cache is deleted (ElastiCache has no other protection). false only for tests."
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
