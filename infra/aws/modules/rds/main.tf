# One PostgreSQL instance, or the copy of one in another region.

data "aws_caller_identity" "this" {}

locals {
  full       = "${var.name}-${var.instance}"
  is_replica = var.replica_of != null

  # static: RDS applies it with the next restart
  parameters = {
    "rds.force_ssl"                       = { value = "1" }
    "log_min_duration_statement"          = { value = "500" } # milliseconds
    "log_lock_waits"                      = { value = "1" }
    "log_statement"                       = { value = "ddl" }
    "log_error_verbosity"                 = { value = "terse" } # no details, which quote keys and whole rows
    "log_parameter_max_length"            = { value = "0" }     # no values of slow statements, which are diners' data
    "log_connections"                     = { value = "1" }
    "log_disconnections"                  = { value = "1" }
    "idle_in_transaction_session_timeout" = { value = "60000" } # a client that hangs must not hold locks
    "pg_stat_statements.track"            = { value = "top" }
    "shared_preload_libraries"            = { value = "pg_stat_statements", static = true }
    "max_connections"                     = { value = tostring(var.max_connections), static = true }
    # A full group of bookings holds 256 advisory locks (decision 9): four workers of sixteen tasks need 16,384, and
    # the table of locks has this number for each connection.
    "max_locks_per_transaction" = { value = "128", static = true }
  }
}

resource "aws_db_subnet_group" "this" {
  name        = local.full
  description = "Database subnets of ${local.full}"
  subnet_ids  = var.subnet_ids
}

# Its rules are made from the table of calls.
resource "aws_security_group" "this" {
  name        = "${local.full}-postgres"
  description = "PostgreSQL ${var.instance}"
  vpc_id      = var.vpc_id

  tags = { Name = "${local.full}-postgres" }
}

resource "aws_db_parameter_group" "this" {
  name        = "${local.full}-postgres${var.engine_version}"
  family      = "postgres${var.engine_version}"
  description = "Settings of ${local.full}"

  dynamic "parameter" {
    for_each = local.parameters
    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = try(parameter.value.static, false) ? "pending-reboot" : "immediate"
    }
  }

  lifecycle {
    create_before_destroy = true # a new major version has a new group, and the instance changes over
  }
}

# RDS would create these without an end of retention and without our key.
resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${local.full}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "monitoring" {
  permissions_boundary = var.permissions_boundary
  name                 = "${local.full}-monitoring"
  description          = "Lets RDS write the figures of the operating system"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

# AWS's own policy: it names one log group, RDSOSMetrics, and follows what RDS needs.
resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "this" {
  # checkov:skip=CKV_AWS_157: multi_az is true unless a variable says otherwise, which a copy does
  # checkov:skip=CKV2_AWS_69: rds.force_ssl is in the parameter group
  identifier     = local.full
  instance_class = var.instance_class

  # A copy takes these from its source.
  replicate_source_db = var.replica_of
  engine              = local.is_replica ? null : "postgres"
  engine_version      = local.is_replica ? null : var.engine_version
  allocated_storage   = local.is_replica ? null : var.storage_gib.initial
  username            = local.is_replica ? null : "jari_admin"
  # null instead of false: with a password of our own the argument must be absent
  manage_master_user_password   = local.is_replica || var.master_password_generation > 0 ? null : true
  master_user_secret_kms_key_id = local.is_replica || var.master_password_generation > 0 ? null : var.kms_key_arn
  password_wo                   = var.master_password
  password_wo_version           = local.is_replica || var.master_password_generation == 0 ? null : var.master_password_generation

  max_allocated_storage = var.storage_gib.max
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.this.id]
  publicly_accessible                 = false
  multi_az                            = var.multi_az
  ca_cert_identifier                  = var.certificate_authority
  iam_database_authentication_enabled = true # people log in through the bastion without a password of their own
  parameter_group_name                = aws_db_parameter_group.this.name

  backup_retention_period   = var.backup_days
  backup_window             = "18:00-18:30" # 03:00 in Seoul, when nobody books
  maintenance_window        = "tue:19:00-tue:19:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = !var.deletion_protection
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = var.deletion_protection ? "${local.full}-final" : null

  auto_minor_version_upgrade      = true
  allow_major_version_upgrade     = false
  apply_immediately               = false
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.kms_key_arn
  performance_insights_retention_period = 7

  tags = { Name = local.full }

  lifecycle {
    precondition {
      condition     = !(local.is_replica && var.master_password_generation > 0)
      error_message = "A copy has the users of its source: leave master_password_generation 0."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.monitoring]
}
