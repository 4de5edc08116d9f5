# The one key of a region. Separate keys would separate the services only if different people could use them; all data
# of a region belongs to the same system, and its roles may decrypt only through the service that stores the data.

data "aws_caller_identity" "this" {}

locals {
  account = data.aws_caller_identity.this.account_id

  cluster = {
    "kms:EncryptionContext:aws:ecs:clusterAccount" = local.account
    "kms:EncryptionContext:aws:ecs:clusterName"    = var.name
  }

  # Services that write encrypted data on their own, without a role of ours.
  writers = ["cloudwatch.amazonaws.com", "ses.amazonaws.com", "budgets.amazonaws.com", "scheduler.amazonaws.com"]
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: data, logs and secrets of this region"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_days

  # In a key policy "*" as the resource means this key.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Without it the key could be managed by nobody. It lets IAM policies of this account decide.
        Sid       = "AccountDecides"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LogGroupsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${local.account}:log-group:*" }
        }
      },
      {
        # Alarms, mail events and the budget go to encrypted SNS topics; failed schedules to an encrypted queue.
        Sid       = "MessagesOfServices"
        Effect    = "Allow"
        Principal = { Service = local.writers }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        # The disks of tasks, on which the log router buffers.
        Sid       = "DisksOfTasks"
        Effect    = "Allow"
        Principal = { Service = "fargate.amazonaws.com" }
        Action    = ["kms:GenerateDataKeyWithoutPlaintext"]
        Resource  = "*"
        Condition = { StringEquals = local.cluster }
      },
      {
        Sid       = "GrantsForThem"
        Effect    = "Allow"
        Principal = { Service = "fargate.amazonaws.com" }
        Action    = ["kms:CreateGrant"]
        Resource  = "*"
        Condition = { StringEquals = merge(local.cluster, { "kms:GrantOperations" = "Decrypt" }) }
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
