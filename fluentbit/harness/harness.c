//go:build ignore

/*
 * harness PLUGIN URL PREFIX CHUNK... loads the built plugin as Fluent Bit 5
 * does (src/flb_plugin_proxy.c, src/proxy/go/go.c): register, initialise one
 * output instance, flush each chunk file, exit. It prints one line per step,
 * "flush NAME CODE" with 0 ERROR, 1 OK, 2 RETRY, and fails only if the library
 * cannot be used at all. With HARNESS_TRIES=N in its environment it flushes a
 * chunk up to N times, with a short pause, as long as the code is RETRY.
 *
 * The structures are declared here with the agent's layout, not taken from the
 * plugin's headers, so that a difference between the two makes the test fail.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct proxy_def { /* struct flb_plugin_proxy_def */
	int type, proxy, flags;
	char *name, *description;
	int event_type;
	void *config_map;
};

struct api { /* struct flb_api: only its first member is called */
	const char *(*output_get_property)(const char *key, void *instance);
	void *rest[8];
};

struct proxy_context { /* struct flb_plugin_proxy_context */
	void *remote_context;
	void *proxy;
};

struct output_plugin { /* struct flbgo_output_plugin */
	char *name;
	struct api *api;
	void *instance;
	struct proxy_context *context;
	void *callbacks[5];
};

struct settings {
	const char *url, *prefix;
};

static const char *property(const char *key, void *instance)
{
	struct settings *s = instance;

	if (strcmp(key, "url") == 0)
		return s->url;
	if (strcmp(key, "index_prefix") == 0)
		return s->prefix;
	if (strcmp(key, "timeout") == 0)
		return "5s";
	return NULL;
}

static void *symbol(void *library, const char *name)
{
	void *s = dlsym(library, name);

	if (s == NULL) {
		fprintf(stderr, "harness: no symbol %s\n", name);
		exit(1);
	}
	return s;
}

static char *read_file(const char *path, int *length)
{
	FILE *f = fopen(path, "rb");
	char *data;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(f);
	data = malloc(size + 1);
	*length = (int)fread(data, 1, size, f);
	fclose(f);
	return data;
}

int main(int argc, char **argv)
{
	void *library;
	struct proxy_def def = {0};
	struct api api = {property, {0}};
	struct proxy_context context = {0};
	struct settings settings;
	struct output_plugin plugin = {0};
	const char *tries_text = getenv("HARNESS_TRIES");
	int tries = tries_text ? atoi(tries_text) : 1;
	int i, code, try;

	if (argc < 4) {
		fprintf(stderr, "usage: harness PLUGIN URL PREFIX CHUNK...\n");
		return 1;
	}
	library = dlopen(argv[1], RTLD_LAZY);
	if (library == NULL) {
		fprintf(stderr, "harness: %s\n", dlerror());
		return 1;
	}
	code = ((int (*)(void *))symbol(library, "FLBPluginRegister"))(&def);
	printf("register %d name=%s type=%d proxy=%d event_type=%d\n", code, def.name, def.type, def.proxy, def.event_type);

	settings.url = argv[2];
	settings.prefix = argv[3];
	plugin.name = def.name;
	plugin.api = &api;
	plugin.instance = &settings;
	plugin.context = &context;
	code = ((int (*)(void *))symbol(library, "FLBPluginInit"))(&plugin);
	printf("init %d\n", code);
	if (code <= 0)
		return 0;

	for (i = 4; i < argc; i++) {
		int length;
		char *data = read_file(argv[i], &length);
		const char *name = strrchr(argv[i], '/');

		name = name ? name + 1 : argv[i];
		for (try = 1;; try++) {
			char *lent = malloc(length + 1);

			memcpy(lent, data, length);
			code = ((int (*)(void *, void *, int, const char *))symbol(library, "FLBPluginFlushCtx"))(
				context.remote_context, lent, length, name);
			printf("flush %s %d\n", name, code);
			fflush(stdout);
			memset(lent, 0xff, length); /* the agent reuses its buffer at once */
			free(lent);
			if (code != 2 || try >= tries)
				break;
			usleep(50 * 1000);
		}
		free(data);
	}
	code = ((int (*)(void *))symbol(library, "FLBPluginExitCtx"))(context.remote_context);
	printf("exit %d\n", code);
	((void (*)(void *))symbol(library, "FLBPluginUnregister"))(&def);
	return 0;
}
