variable "environment" {
  type        = string
  description = "Which system this is, such as prod or staging."

  validation {
    condition     = can(regex("^[a-z]{2,10}$", var.environment))
    error_message = "Use 2 to 10 lower-case letters, such as prod."
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

variable "region_label" {
  type        = string
  description = "Our short name of the region, such as kr."

  validation {
    condition     = can(regex("^[a-z]{2,4}$", var.region_label))
    error_message = "Use 2 to 4 lower-case letters, such as kr: names of AWS have little room."
  }
}

variable "account_id" {
  type        = string
  description = "Id of the AWS account."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Give the twelve digits of the account."
  }
}

variable "primary" {
  type        = bool
  description = "Whether this region has what an account or a domain has once: the DMARC record, and OpenSearch's service-linked role."
}

variable "domain" {
  type        = string
  description = "Domain that diners use, such as jari.example."

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.domain))
    error_message = "Give a domain in lower case, such as jari.example."
  }
}

variable "zone_id" {
  type        = string
  description = "Id of the domain's public Route 53 zone."

  validation {
    condition     = can(regex("^[A-Z0-9]{6,32}$", var.zone_id))
    error_message = "Give the id of a hosted zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "max_retries" {
  type        = number
  default     = 25
  description = "How often the provider repeats a request; fewer against an emulator, which will not recover."

  validation {
    condition     = var.max_retries >= 0
    error_message = "Give 0 or more."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether databases, tables, buckets and the load balancer are protected. false only for tests and staging."
}

variable "cidr" {
  type        = string
  description = "Addresses of the VPC; another block in each region."

  validation {
    condition     = can(cidrnetmask(var.cidr))
    error_message = "Give an IPv4 block, such as 10.10.0.0/16."
  }
}

variable "zones" {
  type        = list(string)
  description = "The three availability zones."

  validation {
    condition     = length(distinct(var.zones)) == 3
    error_message = "Give three different zones of the region."
  }
}

variable "nat_per_zone" {
  type        = bool
  default     = true
  description = "Whether each zone has its own NAT gateway."
}

variable "origin_secrets" {
  type        = list(string)
  sensitive   = true
  description = <<-EOT
    Values of the header with which CloudFront proves itself, the current one first; the pipeline reads them from Secrets
    Manager and sets TF_VAR_origin_secrets. The global stack gets the same.
  EOT

  validation {
    condition     = length(var.origin_secrets) >= 1
    error_message = "Give at least one value, or nobody gets through the load balancer."
  }
}

variable "image_digests" {
  type        = map(string)
  description = "Image to its digest (sha256:...), as the release has pushed it."

  validation {
    condition = length(setsubtract([
      "gatewayd", "userd", "reservationd", "searchd", "notificationd", "alertingd", "indexerd", "jari-telemetry", "agent",
    ], keys(var.image_digests))) == 0
    error_message = "Give a digest for each image: those of the six services, indexerd, jari-telemetry and agent."
  }
  validation {
    condition     = alltrue([for d in values(var.image_digests) : can(regex("^sha256:[0-9a-f]{64}$", d))])
    error_message = "A digest is sha256: and 64 hexadecimal digits."
  }
}

variable "package_digests" {
  type        = map(string)
  description = "Function's package to the SHA-256 of its zip file, as the release has put it into the bucket as <package>/<digest>.zip."

  validation {
    condition     = length(setsubtract(["indexerd", "alertingwatch"], keys(var.package_digests))) == 0
    error_message = "Give a digest for each package: indexerd, alertingwatch."
  }
  validation {
    condition     = alltrue([for d in values(var.package_digests) : can(regex("^[0-9a-f]{64}$", d))])
    error_message = "A digest is 64 hexadecimal digits."
  }
}

variable "release" {
  type        = string
  default     = "unknown"
  description = "The release, service.version in telemetry."

  validation {
    condition     = can(regex("^[A-Za-z0-9._+-]{1,128}$", var.release))
    error_message = "Give a version such as v1.9.2."
  }
}

variable "services" {
  type = map(object({
    cpu                  = optional(number, 512)
    memory               = optional(number, 1024)
    min                  = number
    max                  = number
    connections_per_task = optional(number, 0)
  }))
  description = "Size of each service, and how many connections to PostgreSQL one task opens at most."

  validation {
    condition = toset(keys(var.services)) == toset([
      "gateway", "user", "reservation", "search", "notification", "alerting",
    ])
    error_message = "Give exactly gateway, user, reservation, search, notification and alerting."
  }
}

variable "scheduled_capacity" {
  type        = map(list(object({ name = string, at = string, min = number, max = number })))
  default     = {}
  description = "Tasks for drops that are known, by service; `jarictl drops plan -output json` writes this variable."

  validation {
    condition     = length(setsubtract(keys(var.scheduled_capacity), keys(var.services))) == 0
    error_message = "The keys are services, such as gateway and reservation."
  }
}

variable "requests_per_task" {
  type        = number
  default     = 30000
  description = "Requests a minute of one gateway task above which gateways are added at once."

  validation {
    condition     = var.requests_per_task >= 100
    error_message = "Give at least 100 requests a minute."
  }
}

variable "settings" {
  type        = map(map(string))
  default     = {}
  description = "Settings of a service that go to SSM, beside or instead of those in settings.tf: service to variable to value."

  validation {
    condition = length(setsubtract(keys(var.settings), [
      "gateway", "user", "reservation", "search", "notification", "alerting",
    ])) == 0
    error_message = "The keys are services: gateway, user, reservation, search, notification, alerting."
  }
  validation {
    condition     = alltrue(flatten([for s, m in var.settings : [for k in keys(m) : startswith(k, "${upper(s)}_")]]))
    error_message = "A variable begins with its service in upper case, such as GATEWAY_LOG_LEVEL."
  }
}

variable "instances" {
  type = map(object({
    class           = string
    databases       = set(string)
    initial_gib     = optional(number, 50)
    max_gib         = optional(number, 500)
    max_connections = optional(number, 400)
    multi_az        = optional(bool, true)
    copied          = optional(bool, false)
    replica_of      = optional(string)
  }))
  description = <<-EOT
    PostgreSQL instances: which databases are on each, whether another region copies it (copied), or of which instance it
    is the copy (replica_of, an ARN). The databases are users, reservation, notification and alerting.
  EOT

  validation {
    condition = sort(flatten([for i in values(var.instances) : tolist(i.databases)])) == tolist([
      "alerting", "notification", "reservation", "users",
    ])
    error_message = "Put each of alerting, notification, reservation and users on exactly one instance."
  }
  validation {
    condition     = !anytrue([for i in values(var.instances) : contains(i.databases, "alerting") && contains(i.databases, "reservation")])
    error_message = "Put alerting on another instance than reservation: it has to notify when that one is down."
  }
}

variable "cache" {
  type = object({
    node_type = optional(string, "cache.t4g.small")
    nodes     = optional(number, 2)
  })
  default     = {}
  description = "Redis of sessions."

  validation {
    condition     = var.cache.nodes >= 1 && startswith(var.cache.node_type, "cache.")
    error_message = "Give a node type such as cache.m7g.large, and one node or more."
  }
}

variable "certificate_authority" {
  type        = string
  default     = "rds-ca-rsa2048-g1"
  description = "Who signs the certificates of the databases; the images must hold it. null: the account's default, only for tests."

  validation {
    condition     = var.certificate_authority == null ? true : var.certificate_authority == "rds-ca-rsa2048-g1"
    error_message = "The images hold rds-ca-rsa2048-g1 only (infra/images/rds-ca.pem). Give that, or null in a test."
  }
}

variable "search" {
  type = object({
    instance_type  = optional(string, "m7g.large.search")
    instance_count = optional(number, 3)
    master_type    = optional(string)
    volume_gib     = optional(number, 100)
  })
  default     = {}
  description = "The OpenSearch domain. null: none, only for tests; the services then have an address that does not exist."

  validation {
    condition     = var.search == null || try(endswith(var.search.instance_type, ".search") && var.search.instance_count >= 1 && var.search.volume_gib >= 10, false)
    error_message = "Give a type such as m7g.large.search, one node or more and 10 GiB or more, or null."
  }
}

variable "catalogue_replicas" {
  type        = map(object({ kms_key_arn = string }))
  default     = {}
  description = "Other regions that have a copy of the catalogue: AWS region id to the KMS key there."

  validation {
    condition     = alltrue([for region, r in var.catalogue_replicas : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region)) && startswith(r.kms_key_arn, "arn:aws:kms:${region}:")])
    error_message = "Give region ids such as us-east-1, each with the ARN of a KMS key in that region."
  }
}

variable "bastion_ssh" {
  type        = object({ cidr = string, public_key = string })
  default     = null
  description = "Opens SSH to one administrator's address. null: Session Manager only."

  validation {
    condition     = var.bastion_ssh == null || endswith(try(var.bastion_ssh.cidr, ""), "/32")
    error_message = "Give one address as a /32, such as 203.0.113.7/32, with a public key, or null."
  }
}

variable "alarm_emails" {
  type        = set(string)
  default     = []
  description = "Addresses that get CloudWatch's alarms."

  validation {
    condition     = alltrue([for a in var.alarm_emails : can(regex("^[^@\\s]+@[^@\\s]+$", a))])
    error_message = "Give addresses such as oncall@jari.example."
  }
}

variable "on_call_email" {
  type        = string
  description = "Address that alerting mails when Slack does not take a page, and the dead man's switch when alerting is silent."

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+$", var.on_call_email))
    error_message = "Give an address such as oncall@jari.example."
  }
}

variable "monthly_budget_usd" {
  type        = number
  default     = null
  description = "Expected cost of the region in a month, in US dollars. null: the account has a budget of its own."

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "Give US dollars above 0, or null."
  }
}

variable "secret_generations" {
  type        = map(number)
  default     = {}
  description = "Secret to its generation, where it is not 1; increase it to write a new password. The names are the output secret_names."

  validation {
    condition     = alltrue([for g in values(var.secret_generations) : g >= 1 && floor(g) == g])
    error_message = "A generation is 1, 2, 3 and so on."
  }
}
