mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1234" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::jari-terraform-state-123456789012" }
  }
}

run "the_state_is_private_encrypted_and_versioned" {
  command = plan

  assert {
    condition = (
      aws_s3_bucket_public_access_block.state.block_public_acls && aws_s3_bucket_public_access_block.state.block_public_policy
      && aws_s3_bucket_public_access_block.state.ignore_public_acls && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    )
    error_message = "Public access must be blocked in all four ways."
  }

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "Without versions a damaged state is lost."
  }

  assert {
    condition = (
      one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).sse_algorithm
      == "aws:kms" && aws_kms_key.state.enable_key_rotation
    )
    error_message = "The state is encrypted with a key of our own, which rotates."
  }

  assert {
    condition     = aws_s3_bucket.state.bucket == "jari-terraform-state-123456789012"
    error_message = "The bucket's name must be the one that README.md and the workflows name."
  }
}

run "requests_without_tls_are_denied" {
  command = plan

  override_resource {
    target          = aws_s3_bucket.state
    override_during = plan
    values          = { arn = "arn:aws:s3:::jari-terraform-state-123456789012" }
  }

  override_resource {
    target          = aws_kms_key.state
    override_during = plan
    values          = { arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1234" }
  }

  assert {
    condition = anytrue([
      for s in data.aws_iam_policy_document.bucket.statement :
      s.effect == "Deny" && contains(s.actions, "s3:*") && one(s.condition).variable == "aws:SecureTransport"
      if length(s.condition) == 1
    ])
    error_message = "Requests without TLS must be denied."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name             = "Jari"
    aws_region       = "Seoul"
    old_version_days = 1
    max_retries      = 0
  }

  expect_failures = [var.name, var.aws_region, var.old_version_days, var.max_retries]
}
