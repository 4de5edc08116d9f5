mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/monitoring" }
  }
  mock_resource "aws_db_instance" {
    defaults = { arn = "arn:aws:rds:ap-northeast-2:123456789012:db:jari-test-kr-users" }
  }
}

variables {
  name           = "jari-test-kr"
  instance       = "users"
  vpc_id         = "vpc-1"
  subnet_ids     = ["subnet-1", "subnet-2", "subnet-3"]
  instance_class = "db.t4g.medium"
  kms_key_arn    = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

# All runs only plan: terraform test cannot apply an ephemeral variable that has its default.

run "data_are_safe_by_default" {
  command = plan
  assert {
    condition = (
      aws_db_instance.this.storage_encrypted && aws_db_instance.this.multi_az &&
      aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot &&
      aws_db_instance.this.backup_retention_period == 14
    )
    error_message = "encrypted, with a standby, protected, and with backups"
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "a database must not be public"
  }
}

run "clients_must_use_tls" {
  command = plan
  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "rds.force_ssl=1")
    error_message = "PostgreSQL must refuse connections without TLS"
  }
  assert {
    condition     = aws_db_instance.this.ca_cert_identifier == "rds-ca-rsa2048-g1"
    error_message = "the certificate must be of the CA that the images know"
  }
}

run "the_log_has_no_personal_data" {
  command = plan
  assert {
    condition = length(setsubtract(
      ["log_error_verbosity=terse", "log_parameter_max_length=0"],
      [for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"],
    )) == 0
    error_message = "slow and failed statements must be logged without their values"
  }
}

run "rds_manages_the_master_password" {
  command = plan
  assert {
    condition     = aws_db_instance.this.manage_master_user_password == true
    error_message = "RDS makes the password"
  }
}

run "the_source_of_a_copy_has_a_password_of_its_own" {
  command = plan
  variables {
    master_password            = "only-for-this-test"
    master_password_generation = 1
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password == null && aws_db_instance.this.password_wo_version == 1
    error_message = "RDS refuses to copy an instance whose password it manages"
  }
}

run "a_copy_takes_users_from_its_source" {
  command = plan
  variables {
    replica_of = "arn:aws:rds:us-east-1:123456789012:db:jari-test-us-users"
  }
  assert {
    condition = (
      aws_db_instance.this.replicate_source_db != null && aws_db_instance.this.manage_master_user_password == null
    )
    error_message = "a copy has no master password of its own"
  }
}

run "tests_can_delete_it" {
  command = plan
  variables {
    deletion_protection = false
  }
  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot
    error_message = "without protection it is deleted without a snapshot"
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    backup_days           = 1
    engine_version        = "17.2"
    certificate_authority = "rds-ca-ecc384-g1"
  }
  expect_failures = [var.backup_days, var.engine_version, var.certificate_authority]
}

run "rejects_a_copy_with_a_password" {
  command = plan
  variables {
    replica_of                 = "arn:aws:rds:us-east-1:123456789012:db:jari-test-us-users"
    master_password_generation = 1
  }
  expect_failures = [aws_db_instance.this]
}
