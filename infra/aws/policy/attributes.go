package policy

import (
	"fmt"
	"reflect"
)

// attribute is the most frequent form of a rule: an attribute that every resource of a type
// must have. Broken is a value that breaks it, for the test.
type attribute struct {
	Name, Why    string
	Type, Path   string
	Want, Broken any // Want is a value, or a least number
}

// atLeast is the least number that an attribute may have.
type atLeast float64

func (a attribute) rule() Rule {
	return Rule{a.Name, a.Why, each(a.Type, func(r Resource) string {
		got := r.Get(a.Path)
		if least, ok := a.Want.(atLeast); ok {
			if n, ok := got.(float64); ok && n >= float64(least) {
				return ""
			}
			return fmt.Sprintf("%s is %v, at least %v is wanted", a.Path, got, float64(least))
		}
		if reflect.DeepEqual(got, a.Want) {
			return ""
		}
		return fmt.Sprintf("%s is %v, %v is wanted", a.Path, got, a.Want)
	})}
}

var attributes = []attribute{
	{"database-private", "A database has no address on the internet.", "aws_db_instance", "publicly_accessible", false, true},
	{"database-encrypted", "A copied disk or snapshot tells nothing.", "aws_db_instance", "storage_encrypted", true, false},
	{"database-protected", "A mistake in a plan does not delete bookings.", "aws_db_instance", "deletion_protection", true, false},
	{"database-replicated", "A zone that fails does not stop bookings.", "aws_db_instance", "multi_az", true, false},
	{"database-backups", "Point-in-time recovery reaches back a week.", "aws_db_instance", "backup_retention_period", atLeast(7), 1.0},
	{"database-authority", "The images hold the certificates of this authority.", "aws_db_instance", "ca_cert_identifier", "rds-ca-rsa2048-g1", "rds-ca-2019"},
	{"database-final-snapshot", "Who deletes a database keeps its last state.", "aws_db_instance", "skip_final_snapshot", false, true},

	{"redis-encrypted-in-transit", "Sessions are not readable on the network.", "aws_elasticache_replication_group", "transit_encryption_enabled", true, false},
	{"redis-encrypted-at-rest", "Nor in a snapshot.", "aws_elasticache_replication_group", "at_rest_encryption_enabled", "true", "false"},
	{"redis-fails-over", "A node that fails does not end all sessions.", "aws_elasticache_replication_group", "automatic_failover_enabled", true, false},

	{"search-encrypted", "Telemetry has addresses of diners' requests.", "aws_opensearch_domain", "encrypt_at_rest.0.enabled", true, false},
	{"search-encrypted-between-nodes", "As on every network.", "aws_opensearch_domain", "node_to_node_encryption.0.enabled", true, false},
	{"search-https", "No plain HTTP.", "aws_opensearch_domain", "domain_endpoint_options.0.enforce_https", true, false},
	{"search-access", "Roles decide who may read which index.", "aws_opensearch_domain", "advanced_security_options.0.enabled", true, false},

	{"catalogue-recovery", "Any second of the last 35 days can be restored.", "aws_dynamodb_table", "point_in_time_recovery.0.enabled", true, false},
	{"catalogue-encrypted", "With a key of ours, whose use is logged.", "aws_dynamodb_table", "server_side_encryption.0.enabled", true, false},
	{"catalogue-protected", "A mistake in a plan does not delete restaurants.", "aws_dynamodb_table", "deletion_protection_enabled", true, false},
	{"catalogue-stream", "The indexer needs old images for removals.", "aws_dynamodb_table", "stream_view_type", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"},

	{"bucket-not-public", "Nothing in a bucket is public by itself.", "aws_s3_bucket_public_access_block", "restrict_public_buckets", true, false},
	{"bucket-no-public-policy", "No policy makes it public.", "aws_s3_bucket_public_access_block", "block_public_policy", true, false},
	{"bucket-no-public-acl", "No access list does.", "aws_s3_bucket_public_access_block", "block_public_acls", true, false},
	{"bucket-versioned", "What is overwritten can be restored.", "aws_s3_bucket_versioning", "versioning_configuration.0.status", "Enabled", "Suspended"},

	{"key-rotated", "A key is not used for ever.", "aws_kms_key", "enable_key_rotation", true, false},
	{"logs-kept", "An incident is looked at weeks later.", "aws_cloudwatch_log_group", "retention_in_days", atLeast(30), 3.0},
	{"images-immutable", "A tag always means the same image.", "aws_ecr_repository", "image_tag_mutability", "IMMUTABLE", "MUTABLE"},
	{"images-scanned", "Known holes are found.", "aws_ecr_repository", "image_scanning_configuration.0.scan_on_push", true, false},

	{"load-balancer-drops-bad-headers", "Header names that parsers read differently.", "aws_lb", "drop_invalid_header_fields", true, false},
	{"load-balancer-protected", "A mistake in a plan does not end all traffic.", "aws_lb", "enable_deletion_protection", true, false},
	{"load-balancer-logs", "What the service did not see is known.", "aws_lb", "access_logs.0.enabled", true, false},

	{"service-rolls-back", "A version that does not start is undone.", "aws_ecs_service", "deployment_circuit_breaker.0.rollback", true, false},
	{"service-keeps-capacity", "A deployment takes no task away.", "aws_ecs_service", "deployment_minimum_healthy_percent", atLeast(100), 50.0},
	{"service-private", "A task has no address on the internet.", "aws_ecs_service", "network_configuration.0.assign_public_ip", false, true},

	{"stream-reports-parts", "One bad record does not send the whole batch again.", "aws_lambda_event_source_mapping", "function_response_types.0",
		"ReportBatchItemFailures", nil},
	{"stream-bisects", "A record that crashes the function is found.", "aws_lambda_event_source_mapping", "bisect_batch_on_function_error", true, false},

	{"instance-metadata", "A request that is forged on the server does not get its role (IMDSv2).", "aws_instance", "metadata_options.0.http_tokens",
		"required", "optional"},
	{"instance-private", "The bastion has no address on the internet.", "aws_instance", "associate_public_ip_address", false, true},
	{"instance-encrypted", "A copied disk tells nothing.", "aws_instance", "root_block_device.0.encrypted", true, false},

	{"edge-tls", "Old protocols are refused.", "aws_cloudfront_distribution", "viewer_certificate.0.minimum_protocol_version", "TLSv1.2_2021", "TLSv1"},
}
