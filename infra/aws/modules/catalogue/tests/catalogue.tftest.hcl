mock_provider "aws" {}

variables {
  name        = "jari-test-kr"
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "has_the_key_and_the_stream_that_the_programs_expect" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "id" && aws_dynamodb_table.this.range_key == null
    error_message = "the key is id"
  }
  assert {
    condition     = aws_dynamodb_table.this.stream_enabled && aws_dynamodb_table.this.stream_view_type == "NEW_AND_OLD_IMAGES"
    error_message = "the indexer needs both images"
  }
}

run "data_are_safe_by_default" {
  command = plan

  assert {
    condition = (
      aws_dynamodb_table.this.point_in_time_recovery[0].enabled &&
      aws_dynamodb_table.this.server_side_encryption[0].enabled &&
      aws_dynamodb_table.this.deletion_protection_enabled
    )
    error_message = "restorable, encrypted, protected"
  }
  assert {
    condition     = length(aws_dynamodb_table.this.replica) == 0
    error_message = "without replicas there is no copy"
  }
}

run "copies_are_as_safe" {
  command = plan
  variables {
    replicas = { us-east-1 = { kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" } }
  }
  assert {
    condition = alltrue([
      for r in aws_dynamodb_table.this.replica : r.point_in_time_recovery && startswith(r.kms_key_arn, "arn:aws:kms:us-east-1")
    ])
    error_message = "a copy is restorable and has the key of its region"
  }
}

run "rejects_a_label_as_region" {
  command = plan
  variables {
    replicas = { us = { kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" } }
  }
  expect_failures = [var.replicas]
}
