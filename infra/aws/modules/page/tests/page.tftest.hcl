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
    defaults = {
      arn                         = "arn:aws:s3:::jari-test-page-123456789012"
      bucket_regional_domain_name = "jari-test-page-123456789012.s3.ap-northeast-2.amazonaws.com"
    }
  }
}

variables {
  name             = "jari-test"
  distribution_arn = "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"
}

run "only_the_distribution_reads" {
  command = apply

  assert {
    condition = (
      aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy
      && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    )
    error_message = "Public access must be blocked in all four ways."
  }

  assert {
    condition = alltrue([
      for s in concat(data.aws_iam_policy_document.bucket.statement, data.aws_iam_policy_document.key.statement) :
      one(s.condition).variable == "aws:SourceArn" && one(one(s.condition).values) == var.distribution_arn
      if contains(one(s.principals).identifiers, "cloudfront.amazonaws.com")
    ])
    error_message = "CloudFront may read for this distribution only, not for those of other accounts."
  }

  assert {
    condition = anytrue([
      for s in data.aws_iam_policy_document.bucket.statement :
      s.effect == "Deny" && one(s.condition).variable == "aws:SecureTransport" && contains(s.actions, "s3:*")
    ])
    error_message = "Requests without TLS must be denied."
  }
}

run "files_are_encrypted_and_kept" {
  command = apply

  assert {
    condition = (
      one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id
      == aws_kms_key.this.arn && aws_kms_key.this.enable_key_rotation
    )
    error_message = "Files are encrypted with the module's own key, which rotates."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled" && !aws_s3_bucket.this.force_destroy
    error_message = "Versions are kept, and the bucket is protected from deletion."
  }
}

run "tests_may_delete_the_bucket" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_s3_bucket.this.force_destroy
    error_message = "deletion_protection = false must allow the deletion."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name             = "J"
    distribution_arn = "E2QWRUHAPOMQZL"
    old_version_days = 0
  }

  expect_failures = [var.name, var.distribution_arn, var.old_version_days]
}
