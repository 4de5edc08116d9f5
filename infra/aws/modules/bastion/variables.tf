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

variable "private_subnet_id" {
  type        = string
  description = "Id of the private subnet in which the bastion normally is."

  validation {
    condition     = can(regex("^subnet-[0-9a-f]+$", var.private_subnet_id))
    error_message = "Give the id of a subnet, such as subnet-0123456789abcdef0."
  }
}

variable "public_subnet_id" {
  type        = string
  description = "Id of the public subnet in which it is when SSH is switched on."

  validation {
    condition     = can(regex("^subnet-[0-9a-f]+$", var.public_subnet_id))
    error_message = "Give the id of a subnet, such as subnet-0123456789abcdef0."
  }
}

variable "instance_type" {
  type        = string
  default     = "t4g.nano"
  description = "Type of the instance; an ARM one."

  validation {
    condition     = can(regex("^(t4g|c[67]g|m[67]g)\\.", var.instance_type))
    error_message = "Give an ARM type such as t4g.nano: the image is for ARM."
  }
}

variable "targets" {
  type        = map(object({ host = string, port = number, local_port = number }))
  default     = {}
  description = "What is reached through the bastion: name to host, port, and port on the administrator's machine."

  validation {
    condition     = alltrue([for t in values(var.targets) : t.local_port > 1023 && t.local_port < 65536])
    error_message = "A local port lies between 1024 and 65535."
  }
}

variable "ssh" {
  type        = object({ cidr = string, public_key = string })
  default     = null
  description = <<-EOT
    Only if Session Manager cannot be used: the administrator's address as a /32 to which port 22 is opened, and the
    public key. The bastion then has a public address. null: no port is open.
  EOT

  validation {
    condition     = var.ssh == null || can(regex("^[0-9.]+/32$", var.ssh.cidr)) && can(cidrnetmask(var.ssh.cidr))
    error_message = "Give one address as a /32, such as 203.0.113.7/32; a network is more than one administrator."
  }
  validation {
    condition     = var.ssh == null || can(regex("^(ssh-ed25519|ecdsa-sha2-nistp256) ", var.ssh.public_key))
    error_message = "Give a public key of type ssh-ed25519 or ecdsa-sha2-nistp256."
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
