package emulator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// describe is the answer to an operation with the resource.
func (c *cache) describe(action string) string {
	if action == "DescribeCacheParameters" {
		var all []string
		for _, name := range slices.Sorted(maps.Keys(c.set)) {
			all = append(all, element("Parameter", value("ParameterName", name), value("ParameterValue", c.set[name]), value("Source", "user")))
		}
		return element("Parameters", all...)
	}
	name, one := "ReplicationGroup", ""
	switch {
	case strings.Contains(action, "CacheParameterGroup"):
		name, one = "CacheParameterGroup", c.copied("CacheParameterGroupName", "CacheParameterGroupFamily", "Description")+value("IsGlobal", "false")
	case strings.Contains(action, "CacheSubnetGroup"):
		name, one = "CacheSubnetGroup", c.copied("CacheSubnetGroupName", "CacheSubnetGroupDescription")+c.subnets()
	default:
		one = c.replicationGroup()
	}
	one = element(name, one, value("ARN", c.arn))
	if strings.HasPrefix(action, "Describe") {
		return element(name+"s", one)
	}
	return one
}

// copied are the values that were given for parameters whose elements have the same names.
func (c *cache) copied(names ...string) string {
	var all strings.Builder
	for _, name := range names {
		if c.form.Has(name) {
			all.WriteString(value(name, c.form.Get(name)))
		}
	}
	return all.String()
}

func (c *cache) subnets() string {
	var all []string
	for _, subnet := range listed(c.form, "SubnetIds") {
		all = append(all, element("Subnet", value("SubnetIdentifier", subnet[""])))
	}
	return element("Subnets", all...)
}

// enabled is the element of a flag, whose values are words.
func (c *cache) enabled(name, parameter string) string {
	if c.form.Get(parameter) == "true" {
		return value(name, "enabled")
	}
	return value(name, "disabled")
}

// transit is the mode of encryption, of which the provider asks a member and not the group.
func (c *cache) transit() string {
	return value("TransitEncryptionMode", cmp.Or(c.form.Get("TransitEncryptionMode"), "required"))
}

// node is the name of a member of a replication group, the first being 1.
func (c *cache) node(i int) string {
	return fmt.Sprintf("%s-%03d", c.form.Get("ReplicationGroupId"), i)
}

func (c *cache) endpoint(name, prefix string) string {
	return element(name, value("Address", prefix+c.form.Get("ReplicationGroupId")+".cache.example"), value("Port", c.form.Get("Port")))
}

// replicationGroup is a group of one shard without cluster mode.
func (c *cache) replicationGroup() string {
	var members, nodes, logs []string
	count, _ := strconv.Atoi(c.form.Get("NumCacheClusters")) // the provider sends a number
	for i := range count {
		role := "replica"
		if i == 0 {
			role = "primary"
		}
		members = append(members, value("ClusterId", c.node(i+1)))
		nodes = append(nodes, element("NodeGroupMember", value("CacheClusterId", c.node(i+1)), value("CacheNodeId", "0001"), value("CurrentRole", role)))
	}
	for _, log := range listed(c.form, "LogDeliveryConfigurations") {
		logs = append(logs, element("LogDeliveryConfiguration",
			value("LogType", log["LogType"]), value("DestinationType", log["DestinationType"]), value("LogFormat", log["LogFormat"]), value("Status", "active"),
			element("DestinationDetails", element("CloudWatchLogsDetails", value("LogGroup", log["DestinationDetails.CloudWatchLogsDetails.LogGroup"])))))
	}
	return c.copied("ReplicationGroupId", "CacheNodeType", "AtRestEncryptionEnabled", "TransitEncryptionEnabled", "KmsKeyId",
		"SnapshotRetentionLimit", "SnapshotWindow", "AutoMinorVersionUpgrade", "Engine") +
		value("Description", c.form.Get("ReplicationGroupDescription")) + value("Status", "available") +
		c.transit() +
		c.enabled("AutomaticFailover", "AutomaticFailoverEnabled") + c.enabled("MultiAZ", "MultiAZEnabled") +
		value("AuthTokenEnabled", strconv.FormatBool(c.form.Has("AuthToken"))) +
		value("ClusterEnabled", "false") + value("ClusterMode", "disabled") + value("NetworkType", "ipv4") + value("IpDiscovery", "ipv4") +
		element("MemberClusters", members...) + element("LogDeliveryConfigurations", logs...) +
		element("NodeGroups", element("NodeGroup", value("NodeGroupId", "0001"), value("Status", "available"),
			c.endpoint("PrimaryEndpoint", "master."), c.endpoint("ReaderEndpoint", "replica."), element("NodeGroupMembers", nodes...)))
}

// cluster is the answer about one member of the group.
func (c *cache) cluster(id string) string {
	var groups []string
	for _, group := range listed(c.form, "SecurityGroupIds") {
		groups = append(groups, element("member", value("SecurityGroupId", group[""]), value("Status", "active")))
	}
	version := c.form.Get("EngineVersion")
	if strings.Count(version, ".") == 1 {
		version += ".0" // two numbers are asked for, three are given
	}
	return element("CacheClusters", element("CacheCluster", value("CacheClusterId", id), value("CacheClusterStatus", "available"), value("NumCacheNodes", "1"),
		value("EngineVersion", version), c.copied("ReplicationGroupId", "CacheNodeType", "Engine", "PreferredMaintenanceWindow", "CacheSubnetGroupName",
			"SnapshotRetentionLimit", "SnapshotWindow", "AutoMinorVersionUpgrade", "AtRestEncryptionEnabled", "TransitEncryptionEnabled"),
		c.transit(), element("CacheParameterGroup", c.copied("CacheParameterGroupName"), value("ParameterApplyStatus", "in-sync")),
		element("SecurityGroups", groups...), value("ARN", strings.Replace(c.arn, ":replicationgroup:", ":cluster:", 1))))
}
