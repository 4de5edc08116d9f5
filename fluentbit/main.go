// Command fluentbit is Jari's output plugin for Fluent Bit, built as a C shared
// library:
//
//	go build -buildmode=c-shared -o bin/out_jari.so .
//
// This file holds only the exported C functions that Fluent Bit looks up. What they
// do is in package plugin.
package main

/*
// Fluent Bit's struct flb_plugin_proxy_def (flb_plugin_proxy.h). That of
// fluent-bit-go ends before event_type, and without it Fluent Bit passes only logs to
// the plugin and silently drops traces and metrics.
struct jari_def {
	int type, proxy, flags;
	char *name, *description;
	int event_type;
	void *config_map;
};
static void jari_set_event_type(void *def, int types) { ((struct jari_def *)def)->event_type = types; }
*/
import "C"

import (
	"log/slog"
	"os"
	"runtime/debug"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"

	"jari.example/fluentbit/plugin"
	"jari.example/telemetry/names"
)

// The bits of event_type (flb_output.h).
const (
	logs    = 1
	metrics = 2
	traces  = 4
)

var logger = slog.New(slog.NewJSONHandler(os.Stderr, nil)).With(names.ServiceName, names.ServiceAgent)

// recoverPanic must be deferred. It keeps a panic from ending the agent, in whose
// process the plugin runs, and makes the function return instead.
func recoverPanic(code *int, instead int) {
	if r := recover(); r != nil {
		logger.Error("panic in the plugin", names.EventName, names.EventPanic,
			names.Exception, r, names.Stacktrace, string(debug.Stack()))
		*code = instead
	}
}

// FLBPluginRegister names the plugin.
//
//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) (code int) {
	defer recoverPanic(&code, -1)
	code = output.FLBPluginRegister(def, "jari", "OpenSearch, each record exactly once")
	C.jari_set_event_type(def, logs|metrics|traces)
	return code
}

// FLBPluginInit opens one output instance.
//
//export FLBPluginInit
func FLBPluginInit(instance unsafe.Pointer) (code int) {
	defer recoverPanic(&code, output.FLB_ERROR)
	p, err := plugin.Open(func(key string) string { return output.FLBPluginConfigKey(instance, key) }, logger)
	if err != nil {
		logger.Error("output not started", names.Exception, err)
		return output.FLB_ERROR
	}
	output.FLBPluginSetContext(instance, p)
	return output.FLB_OK
}

// FLBPluginFlushCtx ships a chunk. It copies the bytes, because Fluent Bit frees its
// buffer afterwards; this is the only copy.
//
//export FLBPluginFlushCtx
func FLBPluginFlushCtx(ctx, data unsafe.Pointer, length C.int, tag *C.char) (code int) {
	defer recoverPanic(&code, output.FLB_RETRY)
	p := output.FLBPluginGetContext(ctx).(*plugin.Plugin)
	return int(p.Flush(C.GoStringN((*C.char)(data), length), C.GoString(tag)))
}

// FLBPluginFlush is the form without a context. A Fluent Bit that knows
// FLBPluginFlushCtx does not call it.
//
//export FLBPluginFlush
func FLBPluginFlush(unsafe.Pointer, C.int, *C.char) int { return output.FLB_RETRY }

// FLBPluginExitCtx closes one output instance.
//
//export FLBPluginExitCtx
func FLBPluginExitCtx(ctx unsafe.Pointer) (code int) {
	defer recoverPanic(&code, output.FLB_ERROR)
	if p, ok := output.FLBPluginGetContext(ctx).(*plugin.Plugin); ok {
		if err := p.Close(); err != nil {
			logger.Warn("output not closed", names.Exception, err)
		}
	}
	return output.FLB_OK
}

// FLBPluginExit is the form without a context.
//
//export FLBPluginExit
func FLBPluginExit() int { return output.FLB_OK }

// FLBPluginUnregister frees what FLBPluginRegister allocated.
//
//export FLBPluginUnregister
func FLBPluginUnregister(def unsafe.Pointer) {
	var ignored int
	defer recoverPanic(&ignored, 0)
	output.FLBPluginUnregister(def)
}

func main() {}
