package emulator

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// same is a moto that gives every call the same answer, in which SENT stands for what it got.
func same(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, strings.ReplaceAll(answer, "SENT", string(sent)))
	}
}

// start starts the emulator before a moto, and returns a function that calls it.
func start(t *testing.T, moto http.HandlerFunc, asked ...func(accessKey, action string)) func(method, path, target, body string) (int, string) {
	t.Helper()
	behind := httptest.NewServer(moto)
	t.Cleanup(behind.Close)
	at, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(New(at, func(accessKey, action string) {
		for _, tell := range asked {
			tell(accessKey, action)
		}
	}))
	t.Cleanup(server.Close)
	return func(method, path, target, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/x/aws4_request, SignedHeaders=host, Signature=0")
		r.Header.Set("X-Amz-Target", target)
		if strings.HasPrefix(body, "Action=") {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
}

// Calls in order: what each gets.
func TestAnswersWhatMotoLacks(t *testing.T) {
	call := start(t, same("moto: SENT"))
	for _, c := range []struct {
		method, path, target, body string
		status                     int
		want                       string
	}{
		{"GET", "/2020-05-31/key-group", "", "", 200, "moto: "}, // which moto has
		{"GET", "/2020-05-31/key-value-store/regions", "", "", 404, "EntityNotFound"},
		{"POST", "/2020-05-31/key-value-store/", "", "<X><Name>regions</Name><Comment>a &amp; b</Comment></X>", 201, "<Name>regions</Name>"},
		{"GET", "/2020-05-31/function/f/describe?Stage=LIVE", "", "", 404, "NoSuchFunctionExists"},
		{"POST", "/2020-05-31/function", "", "<X><Name>f</Name><FunctionConfig><Runtime>r</Runtime></FunctionConfig><FunctionCode>Y29kZQ==</FunctionCode></X>", 201, "<Runtime>r</Runtime>"},
		{"GET", "/2020-05-31/function/f?Stage=LIVE", "", "", 404, "NoSuchFunctionExists"},
		{"POST", "/2020-05-31/function/f/publish", "", "", 200, "LIVE"},
		{"GET", "/2020-05-31/function/f?Stage=LIVE", "", "", 200, "code"},
		{"POST", "/2020-05-31/cache-policy", "", `<CachePolicyConfig xmlns="x"><Name>n</Name></CachePolicyConfig>`, 201, "<CachePolicyConfig><Name>n</Name></CachePolicyConfig>"},
		{"GET", "/2020-05-31/cache-policy/none", "", "", 404, "NoSuchCachePolicy"},
		{"POST", "/", "", "Action=DescribeCacheSubnetGroups&CacheSubnetGroupName=a&Version=2015-02-02", 404, "CacheSubnetGroupNotFoundFault"},
		{"POST", "/", "", "Action=CreateCacheSubnetGroup&CacheSubnetGroupName=a&SubnetIds.SubnetIdentifier.1=s&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v&Version=2015-02-02", 200, "<SubnetIdentifier>s</SubnetIdentifier>"},
		{"POST", "/", "", "Action=ListTagsForResource&ResourceName=arn:aws:elasticache:us-east-1:123456789012:subnetgroup:a&Version=2015-02-02", 200, "<Key>k</Key><Value>v</Value>"},
		{"POST", "/", "", "Action=DeleteCacheSubnetGroup&CacheSubnetGroupName=a&Version=2015-02-02", 200, ""},
		{"POST", "/", "", "Action=DescribeCacheSubnetGroups&CacheSubnetGroupName=a&Version=2015-02-02", 404, "NotFound"},
		{"POST", "/", "", "Action=ListTagsForResource&ResourceName=x&Version=2014-10-31", 200, "moto: Action=ListTagsForResource"}, // RDS
		{"POST", "/", "AnyScaleFrontendService.TagResource", `{"ResourceARN":"a","Tags":{"k":"v"}}`, 200, "{}"},
		{"POST", "/", "AnyScaleFrontendService.ListTagsForResource", `{"ResourceARN":"a"}`, 200, `{"Tags":{"k":"v"}}`},
		{"POST", "/", "", "Action=SetIdentityNotificationTopic&Identity=d&NotificationType=Bounce&SnsTopic=t", 200, "Result"},
		{"POST", "/", "", "Action=SetIdentityHeadersInNotificationsEnabled&Identity=d&NotificationType=Bounce&Enabled=false", 200, "Result"},
		{"POST", "/", "", "Action=GetIdentityNotificationAttributes&Identities.member.1=d", 200, "<key>d</key><value><ForwardingEnabled>true</ForwardingEnabled><BounceTopic>t</BounceTopic>"},
		{"POST", "/v2/email/configuration-sets", "", `{"ConfigurationSetName":"c","DeliveryOptions":{"TlsPolicy":"REQUIRE"},"Tags":[{"Key":"k","Value":"v"}]}`, 200, "{"},
		{"GET", "/v2/email/configuration-sets/c", "", "", 200, `"TlsPolicy":"REQUIRE"`},
		{"GET", "/v2/email/tags?ResourceArn=arn:aws:ses:us-east-1:123456789012:configuration-set/c", "", "", 200, `"Key":"k"`},
		{"PUT", "/v2/email/identities/d/mail-from", "", `{"MailFromDomain":"b.d"}`, 404, "NotFoundException"},
		{"POST", "/v2/email/identities", "", `{"EmailIdentity":"d","ConfigurationSetName":"c"}`, 200, `-one","`},
		{"PUT", "/v2/email/identities/d/mail-from", "", `{"MailFromDomain":"b.d"}`, 200, "{}"},
		{"GET", "/v2/email/identities/d", "", "", 200, `"MailFromAttributes":{"MailFromDomain":"b.d"}`},
		{"GET", "/v2/email/identities/d", "", "", 200, `"ConfigurationSetName":"c"`},
		{"GET", "/v2/email/tags?ResourceArn=arn:aws:ses:us-east-1:123456789012:identity/d", "", "", 200, `{"Tags":null}`},
		{"DELETE", "/v2/email/identities/d", "", "", 200, "{}"},
		{"GET", "/v2/email/identities/d", "", "", 404, "NotFoundException"},
		{"POST", "/v2/email/identities", "", "no JSON", 400, "BadRequestException"},
		{"POST", "/v2/email/outbound-emails", "", "{}", 200, "moto: {}"},
		{"POST", "/", "AWSBudgetServiceGateway.CreateBudget", `{"Budget":{"BudgetName":"b"},"ResourceTags":[{"Key":"k","Value":"v"}]}`, 200, "moto: "},
		{"POST", "/", "AWSBudgetServiceGateway.ListTagsForResource", `{"ResourceARN":"arn:aws:budgets::123456789012:budget/b"}`, 200, `[{"Key":"k","Value":"v"}]`},
		{"POST", "/", "AWSBudgetServiceGateway.CreateNotification", `{"BudgetName":"b","Notification":{"NotificationType":"ACTUAL","Threshold":100},"Subscribers":[{"Address":"a"}]}`, 200, "moto: "},
		{"POST", "/", "AWSBudgetServiceGateway.DescribeSubscribersForNotification", `{"BudgetName":"b","Notification":{"Threshold":100.0,"NotificationType":"ACTUAL"}}`, 200, `[{"Address":"a"}]`},
		{"POST", "/", "AWSBudgetServiceGateway.DescribeSubscribersForNotification", `{"BudgetName":"b","Notification":{"Threshold":80,"NotificationType":"ACTUAL"}}`, 200, `{"Subscribers":null}`},
	} {
		if status, got := call(c.method, c.path, c.target, c.body); status != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s %s %s %s: %d %s, want %d %q", c.method, c.path, c.target, c.body, status, got, c.status, c.want)
		}
	}
}

func TestEachDatabaseHasAnIdByWhichItIsFound(t *testing.T) {
	call := start(t, same(`<DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier><DbiResourceId>db-SAME</DbiResourceId></DBInstance>`+
		`<DBInstance><DBInstanceIdentifier>b</DBInstanceIdentifier><DbiResourceId>db-SAME</DbiResourceId></DBInstance><!-- SENT -->`))
	_, all := call("POST", "/", "", "Action=DescribeDBInstances&Version=2014-10-31")
	ids := instanceID.FindAllString(all, -1)
	if len(ids) != 2 || ids[0] == ids[1] || strings.Contains(all, "SAME") {
		t.Fatalf("the ids are %q", ids)
	}
	second := content([]byte(ids[1]), "DbiResourceId")
	_, found := call("POST", "/", "", "Action=DescribeDBInstances&Version=2014-10-31&Filters.Filter.1.Name=dbi-resource-id&Filters.Filter.1.Values.Value.1="+second)
	if !strings.Contains(found, "DBInstanceIdentifier=b") || strings.Contains(found, "Filter") {
		t.Errorf("moto was asked %s", found)
	}
}

func TestACopyOfADatabaseHasItsOwnSubnets(t *testing.T) {
	call := start(t, same(`<DBInstance><DBInstanceIdentifier>copy</DBInstanceIdentifier><DBSubnetGroupName>of the source</DBSubnetGroupName></DBInstance><!-- SENT -->`))
	_, made := call("POST", "/", "", "Action=CreateDBInstanceReadReplica&Version=2014-10-31&DBInstanceIdentifier=copy&DBSubnetGroupName=own")
	if strings.Contains(made, "DBSubnetGroupName=own") || !strings.Contains(made, "<DBSubnetGroupName>own<") {
		t.Errorf("moto was asked, and the copy is, %s", made)
	}
	if _, read := call("POST", "/", "", "Action=DescribeDBInstances&Version=2014-10-31"); !strings.Contains(read, "<DBSubnetGroupName>own<") {
		t.Errorf("the copy is %s", read)
	}
}

func TestADatabaseKeepsWhatObservesIt(t *testing.T) {
	call := start(t, same(`<DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier><MonitoringInterval>0</MonitoringInterval></DBInstance>`))
	call("POST", "/", "", "Action=CreateDBInstance&Version=2014-10-31&DBInstanceIdentifier=a&MonitoringInterval=60&EnablePerformanceInsights=true")
	call("POST", "/", "", "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=a&PerformanceInsightsRetentionPeriod=7")
	_, got := call("POST", "/", "", "Action=DescribeDBInstances&Version=2014-10-31")
	for element, want := range map[string]string{"MonitoringInterval": "60", "PerformanceInsightsEnabled": "true", "PerformanceInsightsRetentionPeriod": "7"} {
		if strings.Count(got, "<"+element+">") != 1 || content([]byte(got), element) != want {
			t.Errorf("%s is not %s in %s", element, want, got)
		}
	}
}

func TestAServiceKeepsItsSettings(t *testing.T) {
	const one = `{"clusterArn":"arn:aws:ecs:us-east-1:123456789012:cluster/c","serviceName":"s","desiredCount":2}`
	call := start(t, func(w http.ResponseWriter, r *http.Request) {
		text := `{"service":` + one + `}`
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeServices") {
			text = `{"services":[` + one + `],"failures":[]}`
		}
		_, _ = io.WriteString(w, text)
	})
	call("POST", "/", ecs+"CreateService", `{"cluster":"c","serviceName":"s","healthCheckGracePeriodSeconds":60}`)
	_, updated := call("POST", "/", ecs+"UpdateService", `{"cluster":"arn:aws:ecs:us-east-1:123456789012:cluster/c","service":"s","availabilityZoneRebalancing":"ENABLED"}`)
	_, read := call("POST", "/", ecs+"DescribeServices", `{"cluster":"c","services":["s"]}`)
	const want = `{"availabilityZoneRebalancing":"ENABLED","clusterArn":"arn:aws:ecs:us-east-1:123456789012:cluster/c","desiredCount":2,"healthCheckGracePeriodSeconds":60,"serviceName":"s"}`
	if updated != `{"service":`+want+`}` || read != `{"failures":[],"services":[`+want+`]}` {
		t.Errorf("%s and %s", updated, read)
	}
}

func TestADistributionKeepsWhatItWasGiven(t *testing.T) {
	call := start(t, same(`<Distribution xmlns="x"><Id>D1</Id><ARN>arn:aws:cloudfront:123456789012:distribution/D1</ARN>`+
		`<DistributionConfig><Comment>forgotten</Comment></DistributionConfig></Distribution>`))
	given := `<DistributionConfigWithTags xmlns="x"><DistributionConfig><Comment>ours</Comment></DistributionConfig>` +
		`<Tags><Items><Tag><Key>k</Key></Tag></Items></Tags></DistributionConfigWithTags>`
	const arn = "arn:aws:cloudfront::123456789012:distribution/D1"
	if _, got := call("POST", "/2020-05-31/distribution?WithTags", "", given); !strings.Contains(got, "<Comment>ours</Comment>") || !strings.Contains(got, arn) {
		t.Errorf("created: %s", got)
	}
	if _, got := call("GET", "/2020-05-31/distribution/D1", "", ""); !strings.Contains(got, "<Comment>ours</Comment>") || strings.Contains(got, "forgotten") {
		t.Errorf("read: %s", got)
	}
	if _, got := call("GET", "/2020-05-31/tagging?Resource="+url.QueryEscape(arn), "", ""); !strings.Contains(got, "<Key>k</Key>") {
		t.Errorf("tags: %s", got)
	}
}

func TestNoInstanceHasAPublicAddress(t *testing.T) {
	call := start(t, same(`<i><association/><ipAddress>1.2.3.4</ipAddress><association><publicIp>1.2.3.4</publicIp></association><privateIpAddress>10.0.0.1</privateIpAddress></i>`))
	if _, got := call("POST", "/", "", "Action=DescribeInstances"); got != `<i><privateIpAddress>10.0.0.1</privateIpAddress></i>` {
		t.Errorf("the instance is %s", got)
	}
	if _, got := call("POST", "/", "", "Action=DescribeAddresses"); !strings.Contains(got, "1.2.3.4") {
		t.Errorf("an address is %s", got)
	}
}

func TestATableIsCopiedToOtherRegions(t *testing.T) {
	var got []string
	send := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		region := credential.FindStringSubmatch(r.Header.Get("Authorization"))[2]
		got = append(got, region+" "+strings.TrimPrefix(r.Header.Get("X-Amz-Target"), dynamo)+" "+string(body))
		fmt.Fprint(w, `{"Table":{"TableName":"c"}}`)
	})
	call := func(operation, body string) string {
		_, answer := send("POST", "/", dynamo+operation, body)
		return answer
	}
	call("CreateTable", `{"TableName":"c","KeySchema":[]}`)
	call("UpdateTable", `{"TableName":"c","ReplicaUpdates":[{"Create":{"RegionName":"eu-west-1"}}]}`)
	if answer := call("DescribeTable", `{"TableName":"c"}`); !strings.Contains(answer, `"Replicas":[{"RegionName":"eu-west-1","ReplicaStatus":"ACTIVE"}]`) {
		t.Errorf("the table is %s", answer)
	}
	call("UpdateTable", `{"TableName":"c","ReplicaUpdates":[{"Create":{"RegionName":"us-west-2","KMSMasterKeyId":"k"}}]}`)
	if answer := call("DescribeTable", `{"TableName":"c"}`); !strings.Contains(answer, `{"KMSMasterKeyId":"k","RegionName":"us-west-2","ReplicaStatus":"ACTIVE"}`) {
		t.Errorf("the table is %s", answer)
	}
	call("UpdateTable", `{"TableName":"c","ReplicaUpdates":[{"Delete":{"RegionName":"us-west-2"}}]}`)
	call("UpdateTable", `{"TableName":"c","ReplicaUpdates":[{"Delete":{"RegionName":"eu-west-1"}}]}`)
	for _, want := range []string{
		`us-west-2 CreateTable {"KeySchema":[],"SSESpecification":{"Enabled":true,"KMSMasterKeyId":"k","SSEType":"KMS"},"TableName":"c"}`,
		`eu-west-1 CreateTable {"TableName":"c","KeySchema":[]}`, `eu-west-1 DeleteTable {"TableName":"c"}`} {
		if !slices.Contains(got, want) {
			t.Errorf("moto got %q, without %q", got, want)
		}
	}
	if answer := call("DescribeTable", `{"TableName":"c"}`); strings.Contains(answer, "Replicas") {
		t.Errorf("without a copy the table is %s", answer)
	}
}

func TestTellsTheActionsOfRequests(t *testing.T) {
	for _, c := range []struct{ service, target, body, want string }{
		{"ec2", "", "Action=CreateVpc", "ec2:CreateVpc"},
		{"monitoring", "", "Action=PutMetricAlarm", "cloudwatch:PutMetricAlarm"},
		{"dynamodb", "DynamoDB_20120810.CreateTable", "{}", "dynamodb:CreateTable"},
		{"budgets", "AWSBudgetServiceGateway.CreateBudget", "{}", "budgets:ModifyBudget"},
		{"budgets", "AWSBudgetServiceGateway.DescribeBudget", "{}", "budgets:ViewBudget"},
		{"budgets", "AWSBudgetServiceGateway.ListTagsForResource", "{}", "budgets:ListTagsForResource"},
		{"s3", "", "", ""},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/"+c.service+"/aws4_request, SignedHeaders=host, Signature=0")
		r.Header.Set("X-Amz-Target", c.target)
		if c.target == "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		read, err := read(r)
		if err != nil || read.action() != c.want {
			t.Errorf("%s %s %s is %q, %v; want %q", c.service, c.target, c.body, read.action(), err, c.want)
		}
	}
}

func TestEachRequestIsTold(t *testing.T) {
	var told []string
	call := start(t, same("moto"), func(accessKey, action string) { told = append(told, accessKey+" "+action) })
	call("POST", "/", dynamo+"DescribeTable", `{"TableName":"c"}`) // moto answers
	call("POST", "/", "", "Action=DescribeCacheSubnetGroups&CacheSubnetGroupName=a&Version=2015-02-02")
	call("GET", "/2020-05-31/key-group", "", "")
	if want := []string{"test x:DescribeTable", "test x:DescribeCacheSubnetGroups"}; !slices.Equal(told, want) {
		t.Errorf("told are %q, want %q", told, want)
	}
}
