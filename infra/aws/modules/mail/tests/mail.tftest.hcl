mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_sesv2_email_identity" {
    defaults = { dkim_signing_attributes = { tokens = ["one", "two", "three"] } }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-northeast-2:123456789012:feedback" }
  }
}

variables {
  name         = "jari-test-kr"
  region       = "ap-northeast-2"
  region_label = "kr"
  domain       = "jari.example"
  zone_id      = "Z0000000000000000000"
  kms_key_arn  = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "mails_are_signed" {
  assert {
    condition     = aws_route53_record.dkim[2].name == "three._domainkey.jari.example"
    error_message = "three DKIM records"
  }
  assert {
    condition     = aws_route53_record.mail_from_spf.records == toset(["v=spf1 include:amazonses.com -all"])
    error_message = "SPF for the domain of bounces"
  }
  assert {
    condition     = length(aws_route53_record.dmarc) == 0
    error_message = "DMARC is written by one region only"
  }
}

run "mails_need_tls_and_bounces_are_seen" {
  assert {
    condition     = aws_sesv2_configuration_set.this.delivery_options[0].tls_policy == "REQUIRE"
    error_message = "TLS is required"
  }
  assert {
    condition     = aws_sesv2_email_identity.this.configuration_set_name == "jari-test-kr"
    error_message = "The domain's mails use the configuration set."
  }
  assert {
    condition     = length(aws_ses_identity_notification_topic.this) == 2
    error_message = "bounces and complaints are reported"
  }
}

run "one_region_writes_dmarc" {
  variables {
    dmarc_record = "v=DMARC1; p=quarantine"
  }
  assert {
    condition     = aws_route53_record.dmarc[0].name == "_dmarc.jari.example"
    error_message = "DMARC is a record of the domain"
  }
}

run "rejects_a_dmarc_record_without_a_policy" {
  command = plan
  variables {
    dmarc_record = "p=none"
  }
  expect_failures = [var.dmarc_record]
}
