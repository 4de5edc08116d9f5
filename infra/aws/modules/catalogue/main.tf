# The table of restaurants. Its stream feeds the indexer.

resource "aws_dynamodb_table" "this" {
  name         = "${var.name}-catalogue"
  billing_mode = "PAY_PER_REQUEST" # owners write seldom; readers are searchd and the indexer
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES" # the indexer compares them, and needs the old one of a deleted item

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = true
  }

  deletion_protection_enabled = var.deletion_protection

  dynamic "replica" {
    for_each = var.replicas
    content {
      region_name            = replica.key
      kms_key_arn            = replica.value.kms_key_arn
      point_in_time_recovery = true
      propagate_tags         = true
    }
  }
}
