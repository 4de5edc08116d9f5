# The right to send mail from our domain in this region. The DKIM records prove that the domain is ours; the older proof,
# a TXT record, is one for all regions, so that no region could write it alone.

data "aws_caller_identity" "this" {}

resource "aws_ses_domain_identity" "this" {
  domain = var.domain
}

resource "aws_ses_domain_dkim" "this" {
  domain = aws_ses_domain_identity.this.domain
}

resource "aws_route53_record" "dkim" {
  count = 3 # SES gives three, so that keys can be changed one by one

  zone_id = var.zone_id
  name    = "${aws_ses_domain_dkim.this.dkim_tokens[count.index]}._domainkey.${var.domain}"
  type    = "CNAME"
  ttl     = 600
  records = ["${aws_ses_domain_dkim.this.dkim_tokens[count.index]}.dkim.amazonses.com"]
}

# Bounces come to a domain of ours, so that SPF is about our domain, too.
resource "aws_ses_domain_mail_from" "this" {
  domain                 = aws_ses_domain_identity.this.domain
  mail_from_domain       = "bounce-${var.region_label}.${var.domain}"
  behavior_on_mx_failure = "UseDefaultValue"
}

resource "aws_route53_record" "mail_from_mx" {
  zone_id = var.zone_id
  name    = aws_ses_domain_mail_from.this.mail_from_domain
  type    = "MX"
  ttl     = 600
  records = ["10 feedback-smtp.${var.region}.amazonses.com"]
}

resource "aws_route53_record" "mail_from_spf" {
  zone_id = var.zone_id
  name    = aws_ses_domain_mail_from.this.mail_from_domain
  type    = "TXT"
  ttl     = 600
  records = ["v=spf1 include:amazonses.com -all"]
}

resource "aws_route53_record" "dmarc" {
  count = var.dmarc_record == null ? 0 : 1

  zone_id = var.zone_id
  name    = "_dmarc.${var.domain}"
  type    = "TXT"
  ttl     = 600
  records = [var.dmarc_record]
}

resource "aws_ses_configuration_set" "this" {
  name                       = var.name
  sending_enabled            = true
  reputation_metrics_enabled = true

  delivery_options {
    tls_policy = "Require" # else SES sends without TLS to servers that have none
  }
}

resource "aws_sns_topic" "feedback" {
  name              = "${var.name}-mail-feedback"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "feedback" {
  arn = aws_sns_topic.feedback.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "SesReports"
      Effect    = "Allow"
      Principal = { Service = "ses.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.feedback.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_ses_identity_notification_topic" "this" {
  for_each = toset(["Bounce", "Complaint"])

  identity                 = aws_ses_domain_identity.this.domain
  notification_type        = each.key
  topic_arn                = aws_sns_topic.feedback.arn
  include_original_headers = false # they have diners' addresses

  depends_on = [aws_sns_topic_policy.feedback]
}
