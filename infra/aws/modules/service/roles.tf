# Two roles: one that ECS takes to start a task, and one that the program has.

locals {
  # A confused service of another account cannot take the roles.
  assume = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:${var.region}:${local.account}:*" }
      }
    }]
  })

  parameter_arns = sort(distinct(values(var.parameters)))
  secret_arns    = sort(distinct(concat(values(var.secrets), values(var.log_router.secrets))))

  execution_statements = concat([
    {
      # AWS knows no resource for this action: the token only says who one is, the next statement what one may pull.
      Sid      = "LogInToTheRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    },
    {
      Sid      = "PullTheTwoImages"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = sort(var.repository_arns)
    },
    {
      Sid      = "WriteTheSideCarsLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${aws_cloudwatch_log_group.log_router.arn}:*"]
    },
    ],
    length(local.parameter_arns) == 0 ? [] : [{
      Sid      = "ReadTheParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameters"]
      Resource = local.parameter_arns
    }],
    length(local.secret_arns) == 0 ? [] : [{
      Sid      = "ReadTheSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = local.secret_arns
    }],
  )

  # Apart, because a condition would make it another type.
  decrypt_statement = {
    Sid      = "DecryptThem"
    Effect   = "Allow"
    Action   = ["kms:Decrypt"]
    Resource = [var.kms_key_arn]
    Condition = {
      StringEquals = {
        "kms:ViaService" = ["secretsmanager.${var.region}.amazonaws.com", "ssm.${var.region}.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role" "execution" {
  permissions_boundary = var.permissions_boundary
  name                 = "${local.full}-execution"
  description          = "Starts tasks of ${var.service}: pulls images, reads parameters and secrets"
  assume_role_policy   = local.assume
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = flatten([local.execution_statements, [local.decrypt_statement]])
  })
}

resource "aws_iam_role" "task" {
  permissions_boundary = var.permissions_boundary
  name                 = "${local.full}-task"
  description          = "What the program of ${var.service} may do"
  assume_role_policy   = local.assume
}

resource "aws_iam_role_policy" "task" {
  count = length(var.policy_statements) == 0 ? 0 : 1

  name = "work"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for s in var.policy_statements : merge(
        { Sid = s.sid, Effect = "Allow", Action = s.actions, Resource = s.resources },
        length(s.condition) == 0 ? {} : { Condition = s.condition },
      )
    ]
  })
}
