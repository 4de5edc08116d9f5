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

variable "service" {
  type        = string
  description = "The service, such as reservation: name of the container, of the DNS record, and prefix of its environment variables."

  validation {
    condition     = can(regex("^[a-z]{2,20}$", var.service))
    error_message = "Use the service's name in lower-case letters, such as reservation."
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
  description = "Ids of the private subnets of the tasks, in at least two zones."

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "Give at least two subnets: the service must survive the loss of a zone."
  }
}

variable "cluster" {
  type        = object({ arn = string, name = string })
  description = "The ECS cluster."

  validation {
    condition     = can(regex("^arn:aws:ecs:", var.cluster.arn)) && var.cluster.name != ""
    error_message = "Give the ARN (arn:aws:ecs:...) and the name of an ECS cluster."
  }
}

variable "discovery_namespace_id" {
  type        = string
  description = "Id of the Cloud Map namespace in which the tasks are found."

  validation {
    condition     = can(regex("^ns-[a-z0-9]+$", var.discovery_namespace_id))
    error_message = "Give the id of a Cloud Map namespace, such as ns-0123456789abcdef."
  }
}

variable "image" {
  type        = string
  description = "Image of the program, by digest: account.dkr.ecr.region.amazonaws.com/jari/reservationd@sha256:..."

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest (...@sha256:...), so that all tasks run the same one and a roll-back finds it."
  }
}

variable "log_router" {
  type = object({
    image   = string
    secrets = map(string)
  })
  description = "The side-car that sends logs, traces and metrics: its image by digest, and its secrets (variable to ARN)."

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.log_router.image))
    error_message = "Name the side-car's image by its digest (...@sha256:...)."
  }
}

variable "repository_arns" {
  type        = list(string)
  description = "ARNs of the ECR repositories of the two images."

  validation {
    condition     = length(var.repository_arns) > 0 && alltrue([for a in var.repository_arns : can(regex("^arn:aws:ecr:", a))])
    error_message = "Give ARNs of ECR repositories (arn:aws:ecr:...)."
  }
}

variable "size" {
  type = object({
    cpu          = number
    memory       = number
    disk_gib     = optional(number, 21)
    architecture = optional(string, "ARM64")
  })
  default     = { cpu = 512, memory = 1024 }
  description = "CPU units and MiB of a task, the side-car included; GiB of its disk; ARM64 or X86_64."

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.size.cpu)
    error_message = "Fargate accepts 256, 512, 1024, 2048, 4096, 8192 or 16384 CPU units."
  }
  validation {
    condition     = var.size.memory >= 512 && var.size.memory >= 2 * var.size.cpu && var.size.memory <= 8 * var.size.cpu
    error_message = "Give two to eight MiB for each CPU unit, and at least 512 MiB, as Fargate does."
  }
  validation {
    condition     = var.size.disk_gib >= 21 && var.size.disk_gib <= 200
    error_message = "Give 21 to 200 GiB. The side-car buffers up to 5 GB there."
  }
  validation {
    condition     = contains(["ARM64", "X86_64"], var.size.architecture)
    error_message = "The architecture is ARM64 or X86_64; the images must have it."
  }
}

variable "command" {
  type        = list(string)
  default     = []
  description = "Arguments of the program; normally none, since the environment configures it."

  validation {
    condition     = !contains(var.command, "")
    error_message = "An argument is not empty."
  }
}

variable "health_command" {
  type        = list(string)
  default     = []
  description = "Command in the image that fails while the program is not healthy, such as [\"CMD\", \"/gatewayd\", \"probe\", \"http://127.0.0.1:8081/healthz\"]. Empty: none."

  validation {
    condition     = length(var.health_command) == 0 || try(contains(["CMD", "CMD-SHELL"], var.health_command[0]), false)
    error_message = "The command begins with CMD, or with CMD-SHELL if the image has a shell (ours have none)."
  }
}

variable "environment" {
  type        = map(string)
  default     = {}
  description = "Environment variables with plain values that differ by code, not by operation."

  validation {
    condition     = alltrue([for k in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", k))])
    error_message = "Names of variables are upper-case letters, digits and underscores."
  }
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Environment variables from SSM: variable to ARN of the parameter."

  validation {
    condition     = alltrue([for a in values(var.parameters) : can(regex("^arn:aws:ssm:", a))])
    error_message = "Give ARNs of SSM parameters (arn:aws:ssm:...)."
  }
}

variable "secrets" {
  type        = map(string)
  default     = {}
  description = "Environment variables from Secrets Manager: variable to ARN of the secret."

  validation {
    condition     = alltrue([for a in values(var.secrets) : can(regex("^arn:aws:secretsmanager:", a))])
    error_message = "Give ARNs of secrets (arn:aws:secretsmanager:...)."
  }
}

variable "policy_statements" {
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(string)), {})
  }))
  default     = []
  description = "What the program may do in AWS. Empty: nothing."

  validation {
    condition     = !anytrue(flatten([for s in var.policy_statements : [for a in s.actions : strcontains(a, "*")]]))
    error_message = "Name each action, such as dynamodb:GetItem, instead of a pattern."
  }
  validation {
    condition     = !anytrue([for s in var.policy_statements : contains(s.resources, "*") && length(s.condition) == 0])
    error_message = "Give ARNs. Where AWS knows no resource, \"*\" needs a condition, such as aws:RequestedRegion."
  }
}

variable "capacity" {
  type = object({
    min        = number
    max        = number
    cpu_target = optional(number, 60)
  })
  description = "Least and greatest number of tasks, and the CPU use in percent that scaling aims at."

  validation {
    condition     = var.capacity.min >= 1 && var.capacity.max >= var.capacity.min
    error_message = "Give at least one task, and a max that is not below min."
  }
  validation {
    condition     = var.capacity.cpu_target >= 10 && var.capacity.cpu_target <= 90
    error_message = "Aim at 10 to 90 percent; above that a burst finds no free CPU until new tasks have started."
  }
}

variable "scheduled_capacity" {
  type = list(object({
    name = string
    at   = string
    min  = number
    max  = number
  }))
  default     = []
  description = "Changes of the least and greatest number of tasks at known times, such as ten minutes before a drop; at is UTC."

  validation {
    condition = alltrue([
      for s in var.scheduled_capacity : can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$", s.at))
    ])
    error_message = "Write the time in UTC without a zone, such as 2026-12-01T00:50:00."
  }
  validation {
    condition     = alltrue([for s in var.scheduled_capacity : s.min >= 1 && s.max >= s.min])
    error_message = "Each change needs at least one task, and a max that is not below min."
  }
  validation {
    condition     = length(distinct(var.scheduled_capacity[*].name)) == length(var.scheduled_capacity)
    error_message = "Give each change a name of its own."
  }
}

variable "connections" {
  type        = object({ per_task = number, limit = number })
  default     = null
  description = "Database connections that one task opens at most, and those that the service may have. null: it has no database."

  validation {
    condition     = var.connections == null || try(var.connections.per_task >= 1 && var.connections.limit >= var.connections.per_task, false)
    error_message = "A task opens at least one connection, and the limit is not below that."
  }
}

variable "load_balancer" {
  type = object({
    target_group_arn     = string
    target_group_suffix  = string
    load_balancer_suffix = string
    requests_per_target  = number
  })
  default     = null
  description = "Target group of the tasks, and the requests a minute of one task above which tasks are added. null: not behind it."

  validation {
    condition     = var.load_balancer == null || try(var.load_balancer.requests_per_target >= 1, false)
    error_message = "Give at least one request a minute for each task, or null."
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
