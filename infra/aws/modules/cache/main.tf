# Redis for sessions. One shard, because the gateway uses one URL and the data are small.

locals {
  full = "${var.name}-sessions"
}

resource "aws_elasticache_subnet_group" "this" {
  name        = local.full
  description = "Database subnets of ${local.full}"
  subnet_ids  = var.subnet_ids
}

# Its rules are made from the table of calls.
resource "aws_security_group" "this" {
  name        = "${local.full}-redis"
  description = "Redis of sessions"
  vpc_id      = var.vpc_id

  tags = { Name = "${local.full}-redis" }
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "${local.full}-redis7"
  family      = "redis7"
  description = "Settings of ${local.full}"

  # A full memory removes the sessions that would end first. Refusing writes would let nobody log in.
  parameter {
    name  = "maxmemory-policy"
    value = "volatile-ttl"
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["slow-log", "engine-log"])

  name              = "/${var.name}/redis/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id = local.full
  description          = "Sessions of ${var.name}"
  engine               = "redis"
  engine_version       = "7.1"
  node_type            = var.node_type
  port                 = 6379
  parameter_group_name = aws_elasticache_parameter_group.this.name

  num_cache_clusters         = var.nodes
  automatic_failover_enabled = true
  multi_az_enabled           = true
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]

  at_rest_encryption_enabled = true
  kms_key_id                 = var.kms_key_arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  auth_token                 = var.auth_token
  auth_token_update_strategy = "ROTATE" # the old token stays valid beside the new one until the next change

  snapshot_retention_limit   = var.snapshot_days
  snapshot_window            = "18:30-19:30"
  maintenance_window         = "tue:19:30-tue:20:30"
  final_snapshot_identifier  = var.deletion_protection ? "${local.full}-final" : null
  auto_minor_version_upgrade = true
  apply_immediately          = false

  dynamic "log_delivery_configuration" {
    for_each = aws_cloudwatch_log_group.this
    content {
      destination      = log_delivery_configuration.value.name
      destination_type = "cloudwatch-logs"
      log_format       = "json"
      log_type         = log_delivery_configuration.key
    }
  }
}
