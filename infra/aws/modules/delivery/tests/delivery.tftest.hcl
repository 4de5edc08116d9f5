mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  name          = "jari-test"
  environment   = "test"
  repository    = "example/jari"
  aws_regions   = ["ap-northeast-2", "us-east-1"]
  state_bucket  = "jari-terraform-state-123456789012"
  state_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1234"
}

run "only_this_repository_takes_the_roles" {
  command = plan

  assert {
    condition = (
      toset(data.aws_iam_policy_document.trust["apply"].statement[0].condition[*].variable)
      == toset(["token.actions.githubusercontent.com:aud", "token.actions.githubusercontent.com:sub"])
    )
    error_message = "Both the audience and the subject must be checked."
  }

  assert {
    condition = alltrue(flatten([
      for d in data.aws_iam_policy_document.trust : [
        for c in d.statement[0].condition : c.test == "StringEquals" && !anytrue([for v in c.values : strcontains(v, "*")])
      ]
    ]))
    error_message = "A wildcard in the trust would accept other branches or repositories."
  }

  assert {
    condition = (
      local.subjects.plan == "repo:example/jari:environment:test-plan" && local.subjects.apply == "repo:example/jari:environment:test"
    )
    error_message = "Each role needs a protected environment of its own."
  }
}

run "plan_reads_and_apply_stays_inside" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for s in local.statements.plan : [
        for a in s.actions : can(regex(":(Describe|Get|List|Decrypt$)", a))
      ]
    ]))
    error_message = "The role of pull requests must not change anything."
  }

  assert {
    condition = toset(flatten([for s in local.statements.plan : s.resources if contains(s.actions, "secretsmanager:GetSecretValue")])) == toset([
      "arn:aws:secretsmanager:*:123456789012:secret:/jari/test/*/redis/token-*",
      "arn:aws:secretsmanager:*:123456789012:secret:/jari/test/*/opensearch/master-*",
    ])
    error_message = "The role of pull requests reads the two secrets that the state has, and no other."
  }

  assert {
    condition     = !anytrue(flatten([for group in local.statements : [for s in group : [for a in s.actions : endswith(a, ":*")]]]))
    error_message = "No role may do everything with a service."
  }

  assert {
    condition = alltrue(flatten([
      for s in local.statements.identity : [
        for a in s.actions : lookup(s, "equals", {}) == { "iam:PermissionsBoundary" = [local.boundary_arn] }
        if contains(["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"], a)
      ]
      if lookup(s, "effect", "Allow") == "Allow"
    ]))
    error_message = "A role without the boundary could be given every right."
  }

  # What these programs are granted by their own policies in stacks/region.
  assert {
    condition = length(setsubtract(
      ["ses:GetAccount", "ses:GetEmailIdentity", "ses:SendEmail", "ssm:PutParameter"],
      data.aws_iam_policy_document.boundary.statement[0].actions,
    )) == 0
    error_message = "The boundary forbids what a program needs."
  }

  assert {
    condition = anytrue([
      for s in local.statements.identity :
      lookup(s, "effect", "Allow") == "Deny" && contains(s.resources, local.boundary_arn)
      && contains(s.resources, "arn:aws:iam::123456789012:role/jari-test-delivery-*") && contains(s.actions, "iam:PutRolePolicy")
    ])
    error_message = "Delivery must not change its own rights."
  }

  # AWS allows 6,144 characters. Effect and the condition of the region take at most 160 per statement.
  assert {
    condition     = alltrue([for group in local.statements : length(jsonencode(group)) + 160 * length(group) <= 6144])
    error_message = "A policy is too long: ${jsonencode({ for k, g in local.statements : k => length(jsonencode(g)) + 160 * length(g) })}."
  }

  assert {
    condition     = length(aws_iam_role_policy_attachment.apply) <= 10
    error_message = "AWS attaches at most 10 policies to a role."
  }
}

run "a_second_environment_uses_the_provider_of_the_first" {
  command = plan

  variables {
    create_provider = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && length(aws_iam_role.this) == 2
    error_message = "Without a provider of its own the roles must still be there."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name          = "Jari"
    environment   = "prod/2"
    repository    = "example/*"
    aws_regions   = ["Seoul"]
    state_bucket  = "arn:aws:s3:::state"
    state_key_arn = "alias/state"
  }

  expect_failures = [
    var.name, var.environment, var.repository, var.aws_regions, var.state_bucket, var.state_key_arn,
  ]
}
