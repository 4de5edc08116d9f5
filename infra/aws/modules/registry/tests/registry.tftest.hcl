mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::jari-test-kr-packages-123456789012" }
  }
}

variables {
  name         = "jari-test-kr"
  repositories = ["gatewayd", "agent"]
  kms_key_arn  = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "a_tag_means_one_image" {
  assert {
    condition = alltrue([
      for r in aws_ecr_repository.this :
      r.image_tag_mutability == "IMMUTABLE" && r.image_scanning_configuration[0].scan_on_push && !r.force_delete
    ])
    error_message = "tags do not move, images are scanned, and full repositories stay"
  }
}

run "old_images_end" {
  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this["gatewayd"].policy).rules[1].selection.countNumber == 30
    error_message = "the newest 30 are kept"
  }
}

run "packages_are_private" {
  assert {
    condition = (
      aws_s3_bucket_public_access_block.packages.restrict_public_buckets &&
      aws_s3_bucket_public_access_block.packages.block_public_policy
    )
    error_message = "the bucket is not public"
  }
}

run "rejects_too_few_images" {
  command = plan
  variables {
    kept_images = 1
  }
  expect_failures = [var.kept_images]
}
