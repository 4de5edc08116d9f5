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

variable "cidr" {
  type        = string
  default     = "10.0.0.0/16"
  description = "Addresses of the VPC. Give each region its own block, so that regions can be peered later."

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(tonumber(split("/", var.cidr)[1]) <= 18, false)
    error_message = "Give an IPv4 block of /18 or larger, such as 10.0.0.0/16: nine subnets are cut from it."
  }
}

variable "zones" {
  type        = list(string)
  description = "The three availability zones, such as ap-northeast-2a, ap-northeast-2b and ap-northeast-2c."

  validation {
    condition     = length(var.zones) == 3 && length(distinct(var.zones)) == 3
    error_message = "Give three different zones: databases and OpenSearch need three for a majority when one is lost."
  }
}

variable "nat_per_zone" {
  type        = bool
  default     = true
  description = "true: each zone has its own NAT gateway. false: one for all zones, which saves money and fails with its zone."
}

variable "interface_endpoints" {
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages"]
  description = "AWS services that are reached by a private address in the VPC."

  validation {
    condition     = alltrue([for e in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", e)) && !startswith(e, "com.")])
    error_message = "Give the short names, such as ecr.api, without com.amazonaws and the region."
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
