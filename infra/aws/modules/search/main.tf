# The OpenSearch domain of a region: the search index and all telemetry.

data "aws_caller_identity" "this" {}

locals {
  domain = "${var.name}-search"
  arn    = "arn:aws:es:${var.region}:${data.aws_caller_identity.this.account_id}:domain/${local.domain}"

  logs = {
    AUDIT_LOGS          = "audit"
    ES_APPLICATION_LOGS = "application"
    INDEX_SLOW_LOGS     = "slow-index"
    SEARCH_SLOW_LOGS    = "slow-search"
  }
}

resource "aws_iam_service_linked_role" "this" {
  count = var.create_service_linked_role ? 1 : 0

  aws_service_name = "opensearchservice.amazonaws.com"
}

# Its rules are made from the table of calls.
resource "aws_security_group" "this" {
  name        = "${var.name}-opensearch"
  description = "OpenSearch"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-opensearch" }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.logs

  name              = "/${var.name}/opensearch/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_cloudwatch_log_resource_policy" "this" {
  policy_name = "${var.name}-opensearch"

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "es.amazonaws.com" }
      Action    = ["logs:PutLogEvents", "logs:CreateLogStream"]
      Resource  = [for g in aws_cloudwatch_log_group.this : "${g.arn}:*"]
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id }
        ArnLike      = { "aws:SourceArn" = local.arn }
      }
    }]
  })
}

resource "aws_opensearch_domain" "this" {
  # checkov:skip=CKV_AWS_317: AUDIT_LOGS is one of the published logs
  domain_name    = local.domain
  engine_version = var.engine_version

  cluster_config {
    instance_type            = var.instance_type
    instance_count           = var.instance_count
    dedicated_master_enabled = var.master_type != null
    dedicated_master_type    = var.master_type
    dedicated_master_count   = var.master_type == null ? null : 3
    zone_awareness_enabled   = true

    zone_awareness_config {
      availability_zone_count = 3
    }
  }

  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = var.volume_gib
  }

  vpc_options {
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.this.id]
  }

  encrypt_at_rest {
    enabled    = true
    kms_key_id = var.kms_key_arn
  }

  node_to_node_encryption {
    enabled = true
  }

  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }

  # Our programs log in with a user and a password, which the domain's own database knows.
  advanced_security_options {
    enabled                        = true
    anonymous_auth_enabled         = false
    internal_user_database_enabled = true

    master_user_options {
      master_user_name     = var.master_user.name
      master_user_password = var.master_user.password
    }
  }

  # Requests with a password are not signed, so IAM cannot tell who sends them: it must let everybody through. Who gets
  # in is decided by the security group, which names the callers, and by fine-grained access control.
  access_policies = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "es:ESHttp*"
      Resource  = "${local.arn}/*"
    }]
  })

  dynamic "log_publishing_options" {
    for_each = local.logs
    content {
      log_type                 = log_publishing_options.key
      cloudwatch_log_group_arn = aws_cloudwatch_log_group.this[log_publishing_options.key].arn
      enabled                  = true
    }
  }

  software_update_options {
    auto_software_update_enabled = true
  }

  off_peak_window_options {
    enabled = true

    off_peak_window {
      window_start_time {
        hours   = 18 # 03:00 in Seoul
        minutes = 0
      }
    }
  }

  advanced_options = {
    "rest.action.multi.allow_explicit_index" = "true" # the agent's bulk requests name an index in each line
  }

  depends_on = [aws_cloudwatch_log_resource_policy.this, aws_iam_service_linked_role.this]
}
