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
  description = "Ids of the database subnets, one for each zone; three."

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "Give three subnets: two of three zones are a majority when one is lost."
  }
}

variable "engine_version" {
  type        = string
  default     = "OpenSearch_3.1"
  description = "Version of OpenSearch, as AWS names it."

  validation {
    condition     = can(regex("^OpenSearch_[23]\\.[0-9]+$", var.engine_version))
    error_message = "Give OpenSearch_ and a version from 2.0 on, such as OpenSearch_3.1."
  }
}

variable "instance_type" {
  type        = string
  default     = "m7g.large.search"
  description = "Type of the data nodes."

  validation {
    condition     = endswith(var.instance_type, ".search") && !startswith(var.instance_type, "t2.")
    error_message = "Give a type such as m7g.large.search; t2 cannot encrypt."
  }
}

variable "instance_count" {
  type        = number
  default     = 3
  description = "Number of data nodes, a multiple of three."

  validation {
    condition     = var.instance_count >= 3 && var.instance_count % 3 == 0
    error_message = "Give a multiple of three, so that each zone has as many nodes."
  }
}

variable "master_type" {
  type        = string
  default     = null
  description = "Type of three nodes that only manage the cluster. null: none; give one from ten data nodes on."

  validation {
    condition     = var.master_type == null || can(regex("[.]search$", var.master_type))
    error_message = "Give a type of OpenSearch nodes, such as m7g.large.search, or null."
  }
}

variable "volume_gib" {
  type        = number
  default     = 100
  description = "GiB of each data node."

  validation {
    condition     = var.volume_gib >= 10 && var.volume_gib <= 2048
    error_message = "Give 10 to 2048 GiB."
  }
}

variable "master_user" {
  type        = object({ name = string, password = string })
  sensitive   = true
  description = "The user that sets up roles and users. Nothing else uses it."

  validation {
    condition = (
      length(var.master_user.password) >= 16 && can(regex("[a-z]", var.master_user.password)) &&
      can(regex("[A-Z]", var.master_user.password)) && can(regex("[0-9]", var.master_user.password)) &&
      can(regex("[^A-Za-z0-9]", var.master_user.password))
    )
    error_message = "The password needs 16 characters, with a small and a capital letter, a digit and a punctuation mark."
  }
}

variable "create_service_linked_role" {
  type        = bool
  default     = false
  description = "Whether to create the role with which OpenSearch enters a VPC. An account has it once: true in one region only."
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
