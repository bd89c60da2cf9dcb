# SPDX-License-Identifier: BSD-2-Clause
# Cambium: one makefile for everything. `make help` explains the targets.
#
# Reading order: settings, rooms (which files), flags (how they are compiled), products (what
# comes out), tests, targets. Rooms are directories: a new file in one is picked up by itself.
#
#   B=build-x             another output directory (independent of others)
#   T=DIR                 unpacked and built newlib and lwIP, shared by all output directories
#   CONFIG=demo           the appliance that `make image` and `make run` mean
#   GUEST_SSP=...         stack protector option of guests
#   FILTER='frame/*'      only these tests, SUITE/TEST with wildcards
#   BENCH='dma web'       only these parts of `make bench`
#   V=1                   show the commands

B      ?= build
T      ?= build/third-party
CONFIG ?= demo
V      ?= 0
Q      := $(if $(filter 1,$(V)),,@)

CC       = gcc
HOSTCC   = gcc
AR       = ar
LD       = ld
OBJCOPY  = objcopy
EFI_INC ?= /usr/include/efi
EFI_LIB ?= /usr/lib
GUEST_SSP ?= -fstack-protector-strong

.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
# All processors, unless this is a make within a make, whose jobs the outer one counts.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

export SOURCE_DATE_EPOCH := 315532800
export TZ := UTC
export LC_ALL := C
export FILTER

# --- rooms -------------------------------------------------------------------------------------

c_in    = $(foreach d,$(1),$(sort $(wildcard $(d)/*.c)))
asm_in  = $(foreach d,$(1),$(sort $(wildcard $(d)/*.S)))
all_in  = $(call c_in,$(1)) $(call asm_in,$(1))
product = $(patsubst %,$(B)/obj/%.o,$(patsubst $(LWIP)/%,lwip/%,$(1)))
host    = $(patsubst %,$(B)/host/%.o,$(1))
sane    = $(patsubst %,$(B)/sane/%.o,$(1))

LWIP        := $(T)/lwip/src
CORES       := vmm/core efi/machine unikernel/core unikernel/control/core net/core drivers/ring
DRIVER_DIRS := $(patsubst %/,%,$(sort $(wildcard drivers/*/)))

VMM_SRC       := $(filter-out vmm/offsets.c,$(call all_in,vmm vmm/core))
EFI_SRC       := $(call c_in,efi efi/machine)
PVH_SRC       := $(call all_in,efi/pvh efi/machine)
UNIKERNEL_SRC := $(call all_in,unikernel unikernel/core)
POSIX_SRC     := $(call all_in,unikernel/posix)
DRIVERS_SRC   := $(call all_in,drivers $(DRIVER_DIRS))
NET_SRC       := $(call all_in,net/port net/core)
TOOL_SRC      := $(filter-out tools/mkplan.c,$(call c_in,tools))
TOOL_LIB_SRC  := $(call c_in,tools/lib)
CAMBIUM_SRC   := $(call c_in,tools/cambium)
CORE_SRC      := $(call c_in,$(CORES))
# Unit tests of the hypervisor are a program of their own: two rooms may use one name for two things.
# A file that includes from vmm/, or is named vmm_*, belongs to it; tests/lib helps both.
UNIT_SRC      := $(call c_in,tests/unit)
UNIT_VMM_SRC  := $(sort $(wildcard tests/unit/vmm_*.c) \
  $(shell grep -lE '^\#include [<"]vmm/' $(UNIT_SRC) /dev/null))
UNIT_REST_SRC := $(filter-out $(UNIT_VMM_SRC),$(UNIT_SRC))
TEST_LIB_SRC  := $(call c_in,tests/lib)
SYSTEM_SRC    := $(call c_in,tests/system)
BENCH_SRC     := $(call c_in,tests/bench)
GUEST_TESTS   := $(call c_in,tests/guests)
# A unit test names code outside the cores by a line `links: apps/web/http.c`.
links_of       = $(sort $(shell sed -n 's/^.*[[:space:]]links: *//p' $(1) /dev/null))

APPS := $(sort $(foreach f,$(wildcard apps/*/*.c),$(word 2,$(subst /, ,$(f)))))

# lwIP 2.1.3: core, IPv4, IPv6, sequential API (sockets are our own), Ethernet. Named here since it
# is unpacked later.
LWIP_SRC := $(addprefix $(LWIP)/,\
  $(addprefix core/,$(addsuffix .c,init def dns inet_chksum ip mem memp netif pbuf raw stats sys \
    altcp altcp_alloc altcp_tcp tcp tcp_in tcp_out timeouts udp)) \
  $(addprefix core/ipv4/,$(addsuffix .c,autoip dhcp etharp icmp igmp ip4_frag ip4 ip4_addr)) \
  $(addprefix core/ipv6/,$(addsuffix .c,dhcp6 ethip6 icmp6 inet6 ip6 ip6_addr ip6_frag mld6 nd6)) \
  $(addprefix api/,$(addsuffix .c,api_lib api_msg err if_api netbuf netdb netifapi tcpip)) \
  netif/ethernet.c)

# --- flags -------------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
  -Werror
GCC_INC := $(shell $(CC) -print-file-name=include)
CC_ID   := $(shell $(CC) --version 2>/dev/null | head -n 1)
COMMON  := -std=c11 -O2 -g -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(B)/=build/ \
  -ffile-prefix-map=$(T)/=third-party/ -MD -MP

FLAGS_vmm = $(COMMON) $(WARN) -fno-align-functions -fno-align-loops -fno-align-jumps -ffreestanding -mgeneral-regs-only -mcmodel=kernel -fno-pic -fno-pie \
  -mno-red-zone -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
  -fomit-frame-pointer -fno-jump-tables -Iinclude -Ivmm -I$(B)/gen

# The PVH door is linked into the hypervisor, in segments of its own: vmm/vmm.ld knows it by obj/door.
FLAGS_door = $(FLAGS_vmm) -I.

# The POSIX options that unikernel/posix provides; newlib's headers hide what is not promised.
POSIX_OPTIONS = -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=1 -D_POSIX_THREADS=1 \
  -D_POSIX_TIMEOUTS=1 -D_POSIX_READER_WRITER_LOCKS=1 -D_UNIX98_THREAD_MUTEX_ATTRIBUTES=1

# Clearing and copying what has a known, small size in line and without `rep`, which costs an emulator a round per word.
GUEST_INLINE = -mmemset-strategy=vector_loop:256:noalign,libcall:-1:noalign \
  -mmemcpy-strategy=vector_loop:256:noalign,libcall:-1:noalign
GUEST_BASE = $(COMMON) $(GUEST_INLINE) -mno-red-zone -mcmodel=small -ftls-model=local-exec -fno-pic -fno-pie \
  -fcf-protection=none -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -ffunction-sections -fdata-sections \
  -U_FORTIFY_SOURCE $(GUEST_SSP) -D_GNU_SOURCE -D__DYNAMIC_REENT__ $(POSIX_OPTIONS) -nostdinc \
  -Iunikernel/include -isystem $(GCC_INC) -isystem $(T)/newlib/include \
  -isystem $(LWIP)/include -Iinclude -Inet/port/include -Inet/port -I.
FLAGS_guest = $(GUEST_BASE) $(WARN)
FLAGS_lwip  = $(GUEST_BASE) -Wall -Werror
# What the path of a packet is made of is compiled so that the router can be optimised as a whole when it is linked; others take the
# same objects as they are.
FLAGS_whole = $(FLAGS_guest) -flto -ffat-lto-objects
FLAGS_whole_link = $(FLAGS_guest) -flto -flto-partition=one

FLAGS_efi = $(COMMON) $(WARN) -fpic -ffreestanding -fno-stack-protector -fno-stack-check \
  -fshort-wchar -mno-red-zone -maccumulate-outgoing-args -fcf-protection=none \
  -DGNU_EFI_USE_MS_ABI -isystem $(EFI_INC) -isystem $(EFI_INC)/x86_64 -Iinclude -Iefi

FLAGS_host = $(COMMON) $(WARN) -D_GNU_SOURCE -Iinclude -I.
# What runs once under the sanitizers takes longer to compile than to run: half as long with -O1.
FLAGS_sane = $(FLAGS_host) -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer

# Warnings that the macros of the test framework provoke.
TEST_FLAGS = -Wno-missing-prototypes -Wno-conversion -Wno-sign-conversion

FLAGS_vmm_link   = -nostdlib -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=none \
  --fatal-warnings
FLAGS_guest_link = -nostdlib -static -no-pie -Wl,--gc-sections,--fatal-warnings,--build-id=none \
  -Wl,-z,noexecstack,-z,max-page-size=4096,-u,_start

# One stamp per set of flags: rewritten only when the text changes, so that changed flags rebuild.
# The compile sets are named, for make prefers a pattern rule whose prerequisites it knows.
define stamp
@mkdir -p $(@D)
@printf '%s\n' '$(CC_ID) $(FLAGS_$*)' | cmp -s - $@ || printf '%s\n' '$(CC_ID) $(FLAGS_$*)' >$@
endef
COMPILE_SETS := $(patsubst %,$(B)/flags/%,vmm door guest whole lwip efi host sane)
$(COMPILE_SETS): $(B)/flags/%: FORCE | $(T)/tools.ok
	$(stamp)
$(B)/flags/%: FORCE | $(T)/tools.ok
	$(stamp)

# --- third party -------------------------------------------------------------------------------

$(T)/tools.ok: tools/build/deps.sh configs/sources
	$(Q)tools/build/deps.sh check
	@mkdir -p $(@D) && touch $@

$(T)/newlib.stamp: tools/build/newlib.sh configs/sources | $(T)/tools.ok
	$(Q)tools/build/newlib.sh $(T)

$(T)/lwip.stamp: tools/build/lwip.sh configs/sources | $(T)/tools.ok
	$(Q)tools/build/lwip.sh $(T)

$(LWIP_SRC): $(T)/lwip.stamp ;

# --- how things are compiled -------------------------------------------------------------------

say = @printf '  %-8s %s\n' $(1) '$(patsubst $(B)/%,%,$(2))'

# $(1) verb, $(2) flag set, $(3) further flags: one rule body for all C and assembly.
define compile
$(call say,$(1),$@)
@mkdir -p $(@D)
$(Q)$(CC) $(FLAGS_$(2)) $(3) -c $< -o $@
endef

$(B)/obj/vmm/%.c.o: vmm/%.c $(B)/flags/vmm
	$(call compile,CC,vmm)
$(B)/obj/vmm/%.S.o: vmm/%.S $(B)/gen/offsets.h $(B)/flags/vmm
	$(call compile,AS,vmm)
$(B)/obj/door/%.c.o: %.c $(B)/flags/door
	$(call compile,CC,door)
$(B)/obj/door/%.S.o: %.S $(B)/flags/door
	$(call compile,AS,door)
$(B)/obj/efi/%.c.o: efi/%.c $(B)/flags/efi
	$(call compile,CC,efi)
# The timers of DHCP run in net/port, where an interface asks.
$(B)/obj/lwip/core/timeouts.c.o: private FLAGS_lwip += -DLWIP_DHCP=0
$(B)/obj/lwip/%.c.o: $(LWIP)/%.c $(B)/flags/lwip $(T)/newlib.stamp
	$(call compile,CC,lwip)
$(B)/obj/gen/%.c.o: $(B)/gen/%.c $(B)/flags/guest $(T)/newlib.stamp
	$(call compile,CC,guest)
$(B)/obj/%.c.o: %.c $(B)/flags/guest $(T)/newlib.stamp $(T)/lwip.stamp
	$(call compile,CC,guest)
$(B)/obj/net/%.c.o: net/%.c $(B)/flags/whole $(T)/newlib.stamp $(T)/lwip.stamp
	$(call compile,CC,whole)
$(B)/obj/drivers/%.c.o: drivers/%.c $(B)/flags/whole $(T)/newlib.stamp $(T)/lwip.stamp
	$(call compile,CC,whole)
$(B)/obj/%.S.o: %.S $(B)/flags/guest $(T)/newlib.stamp $(T)/lwip.stamp
	$(call compile,AS,guest)

$(B)/host/tests/%.c.o: tests/%.c $(B)/flags/host
	$(call compile,HOSTCC,host,$(TEST_FLAGS))
$(B)/host/%.c.o: %.c $(B)/flags/host
	$(call compile,HOSTCC,host)
$(B)/sane/tests/%.c.o: tests/%.c $(B)/flags/sane
	$(call compile,SANE,sane,$(TEST_FLAGS))
$(B)/sane/%.c.o: %.c $(B)/flags/sane
	$(call compile,SANE,sane)

# Numbers that assembly needs, taken from C: vmm/offsets.c emits lines `->NAME VALUE`.
$(B)/gen/offsets.h: vmm/offsets.c $(B)/flags/vmm
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS_vmm) -g0 -MT $@ -MF $(@:.h=.d) -S $< -o $(@:.h=.s)
	$(Q)sed -n 's/^[^#]*->\([A-Za-z_0-9]*\) [$$]\{0,1\}\(-\{0,1\}[0-9][0-9a-fx]*\).*/#define \1 \2/p' \
	  $(@:.h=.s) >$@
	@test -s $@ || { echo "error: vmm/offsets.c emits no '->NAME VALUE' line" >&2; exit 1; }

# --- hypervisor and loader ---------------------------------------------------------------------

FLAGS_vmm_objects = $(VMM_SRC) $(PVH_SRC) $(FLAGS_vmm_link)
$(B)/vmm.elf: $(call product,$(VMM_SRC)) $(patsubst %,$(B)/obj/door/%.o,$(PVH_SRC)) vmm/vmm.ld $(B)/flags/vmm_objects
	$(call say,LD,$@)
	$(Q)$(LD) $(FLAGS_vmm_link) -T vmm/vmm.ld $(filter %.o,$^) -Map $(B)/vmm.map -o $@

$(B)/vmm.stripped.elf: $(B)/vmm.elf
	$(call say,STRIP,$@)
	$(Q)$(OBJCOPY) --strip-all $< $@

FLAGS_efi_objects = $(EFI_SRC)
$(B)/efi.so: $(call product,$(EFI_SRC)) $(B)/flags/efi_objects
	$(call say,LD,$@)
	$(Q)$(LD) -nostdlib -znocombreloc -shared -Bsymbolic --no-undefined --build-id=none \
	  -z noexecstack -T $(EFI_LIB)/elf_x86_64_efi.lds $(EFI_LIB)/crt0-efi-x86_64.o \
	  $(filter %.o,$^) -L$(EFI_LIB) -l:libefi.a -l:libgnuefi.a -o $@

$(B)/BOOTX64.EFI: $(B)/efi.so
	$(call say,EFI,$@)
	$(Q)$(OBJCOPY) -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j '.rel*' \
	  -j '.rela*' -j .reloc --target=efi-app-x86_64 --subsystem=10 $< $@

# --- guests ------------------------------------------------------------------------------------

# $(1) library, $(2) sources. The list is a stamp too: a removed file leaves the archive.
define archive
FLAGS_lib$(1) = $(2)
$(B)/lib$(1).a: $(call product,$(2)) $(B)/flags/lib$(1)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcsD $$@ $$(filter %.o,$$^)
endef

$(eval $(call archive,unikernel,$(UNIKERNEL_SRC)))
$(eval $(call archive,posix,$(POSIX_SRC)))
$(eval $(call archive,drivers,$(DRIVERS_SRC)))
$(eval $(call archive,net,$(NET_SRC)))
$(eval $(call archive,lwip,$(LWIP_SRC)))

GUEST_LIBS := $(patsubst %,$(B)/lib%.a,unikernel posix drivers net lwip)

# The unikernel goes in whole, so that its memcpy and friends win over newlib's; what nothing
# refers to is dropped again by --gc-sections. The other libraries give what is asked for.
# $(1) program, $(2) objects, $(3) whole: optimised as one
define program
PROGRAMS += $(B)/$(1).elf
FLAGS_list-$(subst /,-,$(1)) = $(2) $$(if $(3),$$(FLAGS_whole_link),-fno-lto) $$(FLAGS_guest_link)
$(B)/$(1).elf: $(2) $(GUEST_LIBS) unikernel/guest.ld $(B)/flags/list-$(subst /,-,$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(if $(3),$$(FLAGS_whole_link),-fno-lto) $$(FLAGS_guest_link) -T unikernel/guest.ld $(2) \
	  -Wl,--whole-archive $(B)/libunikernel.a -Wl,--no-whole-archive \
	  -Wl,--start-group $$(filter-out $(B)/libunikernel.a,$$(GUEST_LIBS)) \
	  $(T)/newlib/lib/libc.a $(T)/newlib/lib/libm.a -lgcc -Wl,--end-group -o $$@
endef

# A directory apps/NAME/www becomes one generated C file, $(B)/gen/NAME_www.c.
app_www = $(if $(wildcard apps/$(1)/www),gen/$(1)_www.c)
define www
FLAGS_www-$(1) = $(sort $(shell find apps/$(1)/www -type f | LC_ALL=C sort))
$(B)/gen/$(1)_www.c: $(B)/tools/embed $$(FLAGS_www-$(1)) $(B)/flags/www-$(1)
	$$(call say,EMBED,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(B)/tools/embed apps/$(1)/www $$@
$(B)/host/gen/$(1)_www.c.o: $(B)/gen/$(1)_www.c $(B)/flags/host
	$$(call compile,HOSTCC,host)
endef
$(foreach a,$(APPS),$(if $(call app_www,$(a)),$(eval $(call www,$(a)))))

PROGRAMS :=
$(foreach a,$(APPS),$(eval $(call program,$(a),$(call product,$(call all_in,apps/$(a)) $(call app_www,$(a))))))
$(foreach f,$(GUEST_TESTS),$(eval $(call program,guests/$(basename $(notdir $(f))),$(call product,$(f)))))
$(if $(wildcard unikernel/control/*.c),$(eval $(call program,control,$(call product,$(call all_in,unikernel/control unikernel/control/core)))))
$(if $(wildcard net/router/*.c),$(eval $(call program,router,$(call product,$(call all_in,net/router)),whole)))

# The same application source as a Linux program: apps/web must not need more than POSIX.
define linux_app
$(B)/linux/$(1): $(call host,$(call c_in,apps/$(1)) $(call app_www,$(1))) $(B)/host/libcores.a
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$^ -pthread -o $$@
endef
$(foreach a,$(APPS),$(eval $(call linux_app,$(a))))
# One guest of the benchmarks too, which a Linux guest without libraries runs.
$(B)/linux/load: $(B)/host/tests/guests/load.c.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -static $< -o $@
LINUX_PROGRAMS := $(patsubst %,$(B)/linux/%,$(filter services web,$(APPS)) load)

# --- host tools --------------------------------------------------------------------------------

FLAGS_libcores = $(CORE_SRC) $(TOOL_LIB_SRC)
$(B)/host/libcores.a: $(call host,$(CORE_SRC) $(TOOL_LIB_SRC)) $(B)/flags/libcores
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)

$(B)/tools/%: $(B)/host/tools/%.c.o $(B)/host/libcores.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ -o $@

FLAGS_cambium_objects = $(CAMBIUM_SRC)
$(B)/tools/cambium: $(call host,$(CAMBIUM_SRC)) $(B)/host/libcores.a $(B)/flags/cambium_objects
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(filter-out $(B)/flags/%,$^) -o $@

TOOLS := $(patsubst tools/%.c,$(B)/tools/%,$(TOOL_SRC)) $(B)/tools/cambium

# --- appliances: configs/NAME and tests/configs/NAME -------------------------------------------

# plan.c holds the plan's initialisers, `images` one `NAME ELF` per line, ELF relative to $(B), `rules` the router's
# policy where there is one (docs/router.md).
CONFIG_DIRS := $(patsubst %/plan.c,%,$(sort $(wildcard configs/*/plan.c tests/configs/*/plan.c)))
CONFIGS     := $(notdir $(CONFIG_DIRS))
images_of    = $(shell awk '!/^\#/ && NF == 2 { print $$1 "=$(B)/strip/" $$2 }' $(1)/images)
elf_of       = $(foreach i,$(1),$(word 2,$(subst =, ,$(i))))

$(B)/strip/%: $(B)/%
	$(call say,STRIP,$@)
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) --strip-all $< $@

# $(1) directory, $(2) name, $(3) images as NAME=FILE
define appliance
$(B)/$(2)/mkplan: $(B)/host/$(1)/plan.c.o $(B)/host/tools/mkplan.c.o $(B)/host/libcores.a
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$^ -o $$@
$(B)/$(2)/rules.bin: $(B)/tools/cambium $(1)/rules
	$$(call say,RULES,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$< rules compile $(1)/rules -o $$@ >$$@.log
$(B)/$(2)/plan.bin: $(B)/$(2)/mkplan $(if $(wildcard $(1)/rules),$(B)/$(2)/rules.bin)
	$$(call say,PLAN,$$@)
	$$(Q)$$< $$@ $$(filter %/rules.bin,$$^)
$(B)/$(2)/bundle.bin: $(B)/tools/mkbundle $(B)/vmm.stripped.elf $(B)/strip/control.elf \
  $(B)/$(2)/plan.bin $(call elf_of,$(3)) $(1)/images
	$$(call say,BUNDLE,$$@)
	$$(Q)$$< -o $$@ --vmm $(B)/vmm.stripped.elf control=$(B)/strip/control.elf \
	  $(addprefix image:,$(3)) plan=$(B)/$(2)/plan.bin
$(B)/$(2)/disk.img: $(B)/BOOTX64.EFI $(B)/vmm.stripped.elf $(B)/$(2)/bundle.bin tools/build/image.sh
	$$(call say,IMAGE,$$@)
	$$(Q)tools/build/image.sh $$@ EFI/BOOT/BOOTX64.EFI=$(B)/BOOTX64.EFI \
	  cambium/vmm.elf=$(B)/vmm.stripped.elf cambium/bundle.bin=$(B)/$(2)/bundle.bin
endef
$(foreach d,$(CONFIG_DIRS),$(eval $(call appliance,$(d),$(notdir $(d)),$(call images_of,$(d)))))

# --- tests -------------------------------------------------------------------------------------

UNIT_TESTS := $(if $(UNIT_REST_SRC),$(B)/tests/unit) $(if $(UNIT_VMM_SRC),$(B)/tests/unit-vmm)

$(B)/tests/unit: $(call sane,$(sort $(UNIT_REST_SRC) $(TEST_LIB_SRC) $(TOOL_LIB_SRC) \
  $(filter-out vmm/%,$(CORE_SRC)) $(call links_of,$(UNIT_REST_SRC))))
$(B)/tests/unit-vmm: $(call sane,$(sort $(UNIT_VMM_SRC) $(TEST_LIB_SRC) \
  $(filter vmm/%,$(CORE_SRC)) $(call links_of,$(UNIT_VMM_SRC))))
FLAGS_unit_objects = $(UNIT_SRC) $(CORE_SRC)
$(B)/tests/unit $(B)/tests/unit-vmm: $(B)/flags/unit_objects
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $(filter %.o,$^) -lcriterion -o $@

$(B)/tests/system: $(call host,$(SYSTEM_SRC) $(TEST_LIB_SRC)) $(B)/host/libcores.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ -lcriterion -pthread -o $@

$(B)/tests/bench: $(call host,$(BENCH_SRC) $(TEST_LIB_SRC)) $(B)/host/libcores.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ -pthread -lm -o $@

TESTS := $(UNIT_TESTS) $(if $(SYSTEM_SRC),$(B)/tests/system)

# Kinds of tests with flags and targets of their own bring a makefile; what is in TESTS runs with `make test`.
include $(sort $(wildcard tests/*/*.mk))

# --- targets -----------------------------------------------------------------------------------

.DEFAULT_GOAL := all
.PHONY: help deps all vmm guests tools image images run test unit system bench soak storm check format clean FORCE
FORCE:

help: ## this text
	@echo 'usage: make TARGET [B=build] [CONFIG=demo] [V=1]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1#\2/p' Makefile $(wildcard tests/*/*.mk) | while IFS='#' read -r t d; do \
	  printf '  %-8s %s\n' "$$t" "$$d"; done

deps: ## install the Debian packages that are missing, fetch newlib and lwIP into the cache
	$(Q)tools/build/deps.sh

all: vmm guests tools images $(LINUX_PROGRAMS) ## build everything: hypervisor, loader, guests, tools, images

METAL := $(if $(VMM_SRC),$(B)/vmm.elf $(B)/vmm.stripped.elf) $(if $(EFI_SRC),$(B)/BOOTX64.EFI)

vmm: $(METAL) ## build the hypervisor and the loader only

guests: $(GUEST_LIBS) $(PROGRAMS) ## build the guest programs only

tools: $(TOOLS) ## build the host tools only

image: $(B)/$(CONFIG)/disk.img ## build the disk image of one appliance, CONFIG=demo
	@echo "$<"

images: $(patsubst %,$(B)/%/disk.img,$(CONFIGS)) ## build the disk images of all appliances

run: ## build and boot the appliance in QEMU; needs no root, fetches what is missing
	$(Q)tools/build/deps.sh check 2>/dev/null || tools/build/deps.sh
	$(Q)$(MAKE) --no-print-directory image $(B)/tools/forward B=$(B) T=$(T) CONFIG=$(CONFIG)
	$(Q)tools/build/run.sh $(B) $(CONFIG)

test: ## run the unit and system tests; fetches what is missing
	$(Q)tools/build/deps.sh check 2>/dev/null || tools/build/deps.sh
	$(Q)$(MAKE) --no-print-directory all $(TESTS) B=$(B) T=$(T)
	$(Q)tools/build/test.sh $(B) $(TESTS)

unit: $(UNIT_TESTS) ## run the unit tests only
	$(Q)tools/build/test.sh $(B) $^

system: all $(if $(SYSTEM_SRC),$(B)/tests/system) ## run the system tests only
	$(Q)tools/build/test.sh $(B) $(filter %/tests/system,$^)

bench: all $(if $(BENCH_SRC),$(B)/tests/bench) ## measure, for docs/performance.md; BENCH=dma for a part
	$(Q)test -x $(B)/tests/bench || { echo 'error: tests/bench holds no program' >&2; exit 1; }
	$(Q)CAMBIUM_BUILD=$(B) $(B)/tests/bench $(BENCH)

soak: storm $(UNIT_TESTS) ## make and end 100,000 domains and 1,000 of each driver, compare the counters; 1,000 flows through 1,000 reloads; and storm
	$(Q)SOAK_CONFIG=soak-long FILTER='soak/domains_made*' tools/build/test.sh $(B) $(B)/tests/system
	$(Q)grep 'soak|' $(B)/tests/log/soak.log
	$(Q)SOAK_CPUS=4 SOAK_CONFIG=soak-long FILTER='soak/domains_made*' tools/build/test.sh $(B) $(B)/tests/system
	$(Q)grep 'soak|' $(B)/tests/log/soak.log
	$(Q)BVT_ROUNDS=100 FILTER='bvt_*/*' tools/build/test.sh $(B) $(B)/tests/unit-vmm
	$(Q)LIFE_KILLS=1000 FILTER='life/*' tools/build/test.sh $(B) $(B)/tests/system
	$(Q)RELOAD_FLOWS=1000 RELOAD_ROUNDS=1000 FILTER='reload_flows/*' tools/build/test.sh $(B) $(B)/tests/system

storm: all $(B)/tests/system ## ten minutes on four CPUs: frames, grants, events, domains made, ended and moved, all at once
	$(Q)STORM_CONFIG=storm-long FILTER='soak/domains_that_storm*' tools/build/test.sh $(B) $(B)/tests/system
	$(Q)grep 'judge|' $(B)/tests/log/storm.log

check: $(call product,$(CORE_SRC)) $(B)/demo/disk.img ## layout, include arrows, ABI headers, imports of the cores, size, scripts, reproducible image
	$(Q)tools/check/all.sh $(B) $(T)

format: ## rewrite the layout of all C files as .clang-format has it; FILES="a.c b.h" for some
	$(Q)tools/check/format.sh --fix $(FILES)

clean: ## remove the output directory, but not the third-party builds
	$(Q)test ! -d $(B) || find $(B) -mindepth 1 -maxdepth 1 ! -name third-party -exec rm -rf {} +

-include $(shell test ! -d $(B) || find $(B) -path $(T) -prune -o -name '*.d' -print)
