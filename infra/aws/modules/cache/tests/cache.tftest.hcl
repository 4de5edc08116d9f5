mock_provider "aws" {}

variables {
  name        = "jari-test-kr"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1", "subnet-2", "subnet-3"]
  auth_token  = "0123456789abcdef0123456789abcdef"
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "clients_need_tls_and_the_token" {
  command = plan

  assert {
    condition = (
      aws_elasticache_replication_group.this.transit_encryption_enabled &&
      aws_elasticache_replication_group.this.transit_encryption_mode == "required" &&
      aws_elasticache_replication_group.this.auth_token == var.auth_token
    )
    error_message = "TLS and AUTH are required"
  }
  assert {
    condition     = aws_elasticache_replication_group.this.at_rest_encryption_enabled == "true"
    error_message = "data at rest are encrypted"
  }
}

run "a_replica_takes_over" {
  command = plan

  assert {
    condition = (
      aws_elasticache_replication_group.this.automatic_failover_enabled &&
      aws_elasticache_replication_group.this.multi_az_enabled &&
      aws_elasticache_replication_group.this.num_cache_clusters == 2
    )
    error_message = "two nodes in two zones with failover"
  }
}

run "logs_are_kept" {
  command = plan

  assert {
    condition     = length(aws_elasticache_replication_group.this.log_delivery_configuration) == 2
    error_message = "both logs are written"
  }
  assert {
    condition     = alltrue([for g in aws_cloudwatch_log_group.this : g.retention_in_days == 30])
    error_message = "for 30 days"
  }
}

run "rejects_a_single_node" {
  command = plan
  variables {
    nodes = 1
  }
  expect_failures = [var.nodes]
}

run "rejects_a_token_that_a_url_cannot_hold" {
  command = plan
  variables {
    auth_token = "0123456789abcdef0123456789abcd@/"
  }
  expect_failures = [var.auth_token]
}
