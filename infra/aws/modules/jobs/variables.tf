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
  description = "Ids of the private subnets of the tasks."

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "Give at least two subnets, so that a job runs also when a zone is lost."
  }
}

variable "cluster_arn" {
  type        = string
  description = "ARN of the ECS cluster."

  validation {
    condition     = can(regex("^arn:aws:ecs:", var.cluster_arn))
    error_message = "Give the ARN of an ECS cluster (arn:aws:ecs:...)."
  }
}

variable "jobs" {
  type = map(object({
    image          = string
    repository_arn = string
    command        = list(string)
    schedule       = optional(string)
    environment    = optional(map(string), {})
    secrets        = optional(map(string), {})
    cpu            = optional(number, 256)
    memory         = optional(number, 512)
    policy_statements = optional(list(object({
      sid       = string
      actions   = list(string)
      resources = list(string)
    })), [])
  }))
  description = <<-EOT
    Jobs by name: image by digest, command, and when it runs (UTC). Without a schedule a person or the pipeline starts it. A
    secret is an ARN, or ARN:MEMBER:: for a member of a JSON object.
  EOT

  validation {
    condition     = alltrue([for k in keys(var.jobs) : can(regex("^[a-z][a-z0-9-]{1,30}$", k))])
    error_message = "Name jobs in lower-case letters, digits and hyphens."
  }
  validation {
    condition     = alltrue([for j in values(var.jobs) : can(regex("@sha256:[0-9a-f]{64}$", j.image))])
    error_message = "Name each image by its digest (...@sha256:...)."
  }
  validation {
    condition     = alltrue([for j in values(var.jobs) : j.schedule == null || can(regex("^(rate|cron|at)\\(.+\\)$", j.schedule))])
    error_message = "Write a schedule as rate(...), cron(...) or at(...)."
  }
  validation {
    condition = !anytrue(flatten([
      for j in values(var.jobs) : [
        for s in j.policy_statements : [for a in concat(s.actions, s.resources) : a == "*" || endswith(a, ":*")]
      ]
    ]))
    error_message = "Name each action and resource of a job."
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
