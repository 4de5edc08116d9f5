environment  = "prod"
region       = "us-east-1"
region_label = "us"
primary      = false

# Placeholders: no account exists yet.
account_id    = "123456789012"
domain        = "jari.example"
zone_id       = "Z0123456789ABCDEFGHIJ"
on_call_email = "oncall@jari.example"
alarm_emails  = ["oncall@jari.example"]

cidr  = "10.20.0.0/16"
zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

services = {
  gateway      = { cpu = 512, memory = 1024, min = 2, max = 12 }
  user         = { cpu = 512, memory = 1024, min = 2, max = 8, connections_per_task = 8 }
  reservation  = { cpu = 512, memory = 1024, min = 2, max = 12, connections_per_task = 23 }
  search       = { cpu = 512, memory = 1024, min = 2, max = 8 }
  notification = { cpu = 512, memory = 1024, min = 2, max = 4, connections_per_task = 8 }
  alerting     = { cpu = 512, memory = 1024, min = 2, max = 2, connections_per_task = 6 }
}

# Users are those of kr: this instance copies that one and can only be read.
instances = {
  users = {
    class           = "db.m7g.large"
    databases       = ["users"]
    max_connections = 200
    replica_of      = "arn:aws:rds:ap-northeast-2:123456789012:db:jari-prod-kr-users"
  }
  reservation = { class = "db.m7g.large", databases = ["reservation"], max_connections = 300 }
  operations  = { class = "db.t4g.medium", databases = ["alerting", "notification"], max_connections = 100 }
}

cache  = { node_type = "cache.t4g.small", nodes = 2 }
search = { instance_type = "m7g.large.search", instance_count = 3, volume_gib = 100 }

# The other region has a copy of this one's restaurants, encrypted with its own key (terraform output kms_key_arn there).
catalogue_replicas = {
  ap-northeast-2 = { kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/00000000-0000-4000-8000-000000000000" }
}

settings = {
  alerting = { ALERTING_DIGEST_ZONE = "America/New_York" }
}

monthly_budget_usd = 1700
