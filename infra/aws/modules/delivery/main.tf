# How GitHub's workflows reach AWS: without a stored key, as one of two roles. plan is for pull requests and reads. apply
# changes what begins with the name of the environment. Each is for a protected environment of GitHub, since the code of a
# pull request runs with what plan may read.

data "aws_caller_identity" "this" {}

locals {
  account = data.aws_caller_identity.this.account_id
  issuer  = "token.actions.githubusercontent.com"
  # Known without the resource, so that a second environment can use the provider of the first.
  provider_arn = "arn:aws:iam::${local.account}:oidc-provider/${local.issuer}"
  state_arn    = "arn:aws:s3:::${var.state_bucket}"
  boundary_arn = "arn:aws:iam::${local.account}:policy/${var.name}-boundary"

  subjects = {
    plan  = "repo:${var.repository}:environment:${var.environment}-plan"
    apply = "repo:${var.repository}:environment:${var.environment}"
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_provider ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  # checkov:skip=CKV_AWS_358: the subject is equal to one environment of one repository, and tests say so
  for_each = local.subjects

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    # Equal, not like: a wildcard would accept other branches, or other repositories.
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [each.value]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.subjects

  name                 = "${var.name}-delivery-${each.key}"
  description          = "GitHub's workflows: ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600

  depends_on = [aws_iam_openid_connect_provider.github]
}

# One policy each for what belongs together: a policy has at most 6,144 characters.
resource "aws_iam_policy" "this" {
  for_each = data.aws_iam_policy_document.this

  name        = "${var.name}-delivery-${each.key}"
  description = "Delivery: ${each.key}"
  policy      = each.value.json
}

resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.this["plan"].name
  policy_arn = aws_iam_policy.this["plan"].arn
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = setsubtract(keys(local.statements), ["plan"])

  role       = aws_iam_role.this["apply"].name
  policy_arn = aws_iam_policy.this[each.key].arn
}

data "aws_iam_policy_document" "this" {
  for_each = local.statements

  dynamic "statement" {
    for_each = each.value

    content {
      effect    = lookup(statement.value, "effect", "Allow")
      actions   = statement.value.actions
      resources = statement.value.resources

      # The environment's regions, whatever the ARN says. IAM, CloudFront and Route 53 count as us-east-1.
      dynamic "condition" {
        for_each = lookup(statement.value, "effect", "Allow") == "Allow" ? [1] : []

        content {
          test     = "StringEquals"
          variable = "aws:RequestedRegion"
          values   = sort(setunion(var.aws_regions, ["us-east-1"], [split(":", var.state_key_arn)[3]]))
        }
      }

      dynamic "condition" {
        for_each = lookup(statement.value, "equals", {})

        content {
          test     = "StringEquals"
          variable = condition.key
          values   = condition.value
        }
      }
    }
  }
}
