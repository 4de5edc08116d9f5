resource "aws_iam_role" "execution" {
  for_each = var.jobs

  permissions_boundary = var.permissions_boundary
  name                 = "${var.name}-job-${each.key}-execution"
  description          = "Starts the job ${each.key}"
  assume_role_policy   = local.assume["ecs-tasks"]
}

resource "aws_iam_role_policy" "execution" {
  for_each = var.jobs

  name = "start"
  role = aws_iam_role.execution[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = flatten([
      # AWS knows no resource for this action: the token only says who one is, the next statement what one may pull.
      [{ Sid = "LogInToTheRegistry", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] }],
      [{
        Sid      = "PullTheImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [each.value.repository_arn]
      }],
      [{
        Sid      = "WriteTheLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
      }],
      length(each.value.secrets) == 0 ? [] : [{
        Sid    = "ReadTheSecrets"
        Effect = "Allow"
        Action = ["secretsmanager:GetSecretValue"]
        # Without the member of a JSON object that ECS takes (ARN:MEMBER::)
        Resource = sort([for s in values(each.value.secrets) : join(":", slice(split(":", s), 0, 7))])
      }],
      [{
        Sid       = "DecryptThem"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      }],
    ])
  })
}

resource "aws_iam_role" "task" {
  for_each = var.jobs

  permissions_boundary = var.permissions_boundary
  name                 = "${var.name}-job-${each.key}-task"
  description          = "What the job ${each.key} may do"
  assume_role_policy   = local.assume["ecs-tasks"]
}

resource "aws_iam_role_policy" "task" {
  for_each = { for k, j in var.jobs : k => j if length(j.policy_statements) > 0 }

  name = "work"
  role = aws_iam_role.task[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in each.value.policy_statements : { Sid = s.sid, Effect = "Allow", Action = s.actions, Resource = s.resources }]
  })
}

resource "aws_iam_role" "scheduler" {
  permissions_boundary = var.permissions_boundary
  name                 = "${var.name}-jobs-schedule"
  description          = "Lets the clock start jobs"
  assume_role_policy   = local.assume["scheduler"]
}

resource "aws_iam_role_policy" "scheduler" {
  count = length(local.scheduled) == 0 ? 0 : 1

  name = "start"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Any revision of these families: the schedule names the newest, and a policy must not lag behind it.
        Sid       = "StartTheJobs"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = [for k in keys(local.scheduled) : "arn:aws:ecs:${var.region}:${local.account}:task-definition/${var.name}-job-${k}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.cluster_arn } }
      },
      {
        Sid       = "GiveThemTheirRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = flatten([for k in keys(local.scheduled) : [aws_iam_role.execution[k].arn, aws_iam_role.task[k].arn]])
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid       = "TagThem"
        Effect    = "Allow"
        Action    = ["ecs:TagResource"]
        Resource  = ["arn:aws:ecs:${var.region}:${local.account}:task/*"]
        Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
      },
      { Sid = "QueueWhatFailed", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.failed.arn] },
      { Sid = "UseTheKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
    ]
  })
}
