variable "name" {
  type        = string
  description = "Prefix of all names, such as jari-prod-kr."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "Use lower-case letters, digits and hyphens, 3 to 31 of them, a letter first."
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

variable "public_subnet_ids" {
  type        = list(string)
  description = "Ids of the public subnets."

  validation {
    condition     = length(var.public_subnet_ids) >= 2
    error_message = "Give public subnets in at least two zones."
  }
}

variable "domain_name" {
  type        = string
  description = "Name under which CloudFront reaches the load balancer, such as kr.origin.jari.example."

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.domain_name))
    error_message = "Give a host name in lower case, such as kr.origin.jari.example."
  }
}

variable "zone_id" {
  type        = string
  description = "Id of the Route 53 zone in which the name and the proof for its certificate are written."

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.zone_id))
    error_message = "Give the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "header_name" {
  type        = string
  default     = "jari-origin-secret"
  description = "Header in which CloudFront sends the secret."

  validation {
    condition = (
      can(regex("^[a-z][a-z0-9-]+$", var.header_name)) &&
      !startswith(var.header_name, "x-amz") && !startswith(var.header_name, "x-edge")
    )
    error_message = "Use lower-case letters, digits and hyphens; CloudFront keeps x-amz- and x-edge- for itself."
  }
}

variable "header_secrets" {
  type        = list(string)
  sensitive   = true
  description = "Accepted values of the header: the current one, and during a change also the other one."

  validation {
    condition     = length(var.header_secrets) >= 1 && length(var.header_secrets) <= 4
    error_message = "Give one to four values; a rule of the load balancer accepts no more."
  }
  validation {
    condition     = alltrue([for s in var.header_secrets : can(regex("^[A-Za-z0-9_-]{32,128}$", s))])
    error_message = "Each value needs 32 to 128 letters, digits, - or _; the load balancer reads * and ? as patterns."
  }
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether the load balancer and its log can be deleted only after this is false. false only for tests."
}

variable "access_log_days" {
  type        = number
  default     = 365
  description = "Days for which the access log is kept."

  validation {
    condition     = var.access_log_days >= 30
    error_message = "Keep the access log for at least 30 days."
  }
}
