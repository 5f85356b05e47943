/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls into the firmware: the machine half of <port/firmware.h> but for the console, which is in
 * sbi_console.c, and what sbi.h has.
 *
 * Owns the word of extensions found: written by sbi_init() on the boot hart, constant afterwards.
 * Where the firmware lacks an extension, the legacy call of SBI 0.1 stands in, if there was one.
 *
 * Source: RISC-V Supervisor Binary Interface 2.0, chapters 3 to 12.
 */
#include <port/firmware.h>
#include <port/print.h>
#include "image.h"
#include "sbi.h"

enum {
	LEGACY_SET_TIMER = 0x00,
	LEGACY_REMOTE_SFENCE_VMA = 0x06,
	LEGACY_SHUTDOWN = 0x08,
	EXT_IPI = 0x735049,
	EXT_HSM = 0x48534D,
	EXT_SRST = 0x53525354,
	EXT_TIME = 0x54494D45,
	EXT_RFENCE = 0x52464E43,
};

enum { RFENCE_SFENCE_VMA = 1 };
enum { BASE_SPEC_VERSION = 0, BASE_IMPL_ID = 1, BASE_IMPL_VERSION = 2 };
enum { SRST_SHUTDOWN = 0, SRST_COLD_REBOOT = 1 };
enum { SRST_NO_REASON = 0, SRST_SYSTEM_FAILURE = 1 };

#define SBI_ERR_NOT_SUPPORTED (-2L)

/* SBI 0.3. Firmware of that age without SRST can not power off: its legacy call would hang. */
#define SPEC_WITH_SRST 3UL

/* Extensions beyond BASE, in the order in which they are listed for people. */
enum { HAS_TIME, HAS_IPI, HAS_RFENCE, HAS_HSM, HAS_SRST, HAS_DBCN, NR_EXTENSIONS };
static const struct {
	const char name[7];
	uint32_t id;
} extensions[NR_EXTENSIONS] = {
	[HAS_TIME] = {"TIME", EXT_TIME},
	[HAS_IPI] = {"IPI", EXT_IPI},
	[HAS_RFENCE] = {"RFENCE", EXT_RFENCE},
	[HAS_HSM] = {"HSM", EXT_HSM},
	[HAS_SRST] = {"SRST", EXT_SRST},
	[HAS_DBCN] = {"DBCN", SBI_EXT_DBCN},
};
static unsigned int found;

static bool has(unsigned int extension)
{
	return found >> extension & 1;
}

struct sbi_result sbi_call(unsigned long extension, unsigned long function, unsigned long arg0,
	unsigned long arg1, unsigned long arg2)
{
	register unsigned long a0 __asm__("a0") = arg0;
	register unsigned long a1 __asm__("a1") = arg1;
	register unsigned long a2 __asm__("a2") = arg2;
	register unsigned long a6 __asm__("a6") = function;
	register unsigned long a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (struct sbi_result){(long)a0, a1};
}

bool sbi_has(unsigned long extension)
{
	struct sbi_result result = sbi_call(SBI_EXT_BASE, SBI_BASE_PROBE, extension, 0, 0);

	return result.error == 0 && result.value != 0;
}

static unsigned long base_value(unsigned long function)
{
	struct sbi_result result = sbi_call(SBI_EXT_BASE, function, 0, 0, 0);

	return result.error == 0 ? result.value : 0;
}

void sbi_init(void)
{
	for (unsigned int i = 0; i < NR_EXTENSIONS; i++)
		if (sbi_has(extensions[i].id))
			found |= 1U << i;
}

void sbi_set_timer(uint64_t time)
{
	if (has(HAS_TIME))
		sbi_call(EXT_TIME, 0, time, 0, 0);
	else
		sbi_call(LEGACY_SET_TIMER, 0, time, 0, 0);
}

long sbi_send_ipi(uint64_t hwid)
{
	/* A mask of one bit that starts at the hart itself: ids may be large and sparse. */
	if (has(HAS_IPI))
		return sbi_call(EXT_IPI, 0, 1, hwid, 0).error;
	return SBI_ERR_NOT_SUPPORTED;
}

/*
 * The new call names all harts by a base of -1, the old one by no mask; then 0, -1: everything.
 * Nothing is called between the registers: it would change them.
 */
void sbi_remote_fence(void)
{
	const bool new_call = has(HAS_RFENCE);
	register unsigned long a0 __asm__("a0") = 0;
	register unsigned long a1 __asm__("a1") = new_call ? ~0UL : 0;
	register unsigned long a2 __asm__("a2") = new_call ? 0 : ~0UL;
	register unsigned long a3 __asm__("a3") = ~0UL;
	register unsigned long a6 __asm__("a6") = RFENCE_SFENCE_VMA;
	register unsigned long a7 __asm__("a7") = new_call ? EXT_RFENCE : LEGACY_REMOTE_SFENCE_VMA;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a6), "r"(a7)
			 : "memory");
}

long sbi_hart_start(uint64_t hwid, phys_addr_t start, uint64_t opaque)
{
	if (!has(HAS_HSM) || !has(HAS_IPI))
		return SBI_ERR_NOT_SUPPORTED;
	return sbi_call(EXT_HSM, 0, hwid, start, opaque).error;
}

static const char *implementation_name(unsigned long id)
{
	static const char *const names[] = {
		"BBL", "OpenSBI", "Xvisor", "KVM", "RustSBI", "Diosix", "Coffer"};

	return id < sizeof(names) / sizeof(names[0]) ? names[id] : "unknown";
}

void firmware_describe(void)
{
	unsigned long spec = base_value(BASE_SPEC_VERSION);
	unsigned long id = base_value(BASE_IMPL_ID);
	unsigned long version = base_value(BASE_IMPL_VERSION);

	/* OpenSBI packs its version as 16.16 bits; others are shown as the number they give. */
	if (id == 1)
		print("firmware: OpenSBI %lu.%lu", version >> 16, version & 0xffff);
	else
		print("firmware: %s (id %lu) version 0x%lx", implementation_name(id), id, version);
	print(", SBI %lu.%lu:", spec >> 24 & 0x7f, spec & 0xffffff);
	for (unsigned int i = 0; i < NR_EXTENSIONS; i++)
		if (has(i))
			print(" %s", extensions[i].name);
	print("\n");
}

void firmware_poweroff(int status)
{
	unsigned long reason = status == 0 ? SRST_NO_REASON : SRST_SYSTEM_FAILURE;

	if (has(HAS_SRST))
		sbi_call(EXT_SRST, 0, SRST_SHUTDOWN, reason, 0);
	else if (base_value(BASE_SPEC_VERSION) < SPEC_WITH_SRST)
		sbi_call(LEGACY_SHUTDOWN, 0, 0, 0, 0);
}

void firmware_reset(void)
{
	if (has(HAS_SRST))
		sbi_call(EXT_SRST, 0, SRST_COLD_REBOOT, SRST_NO_REASON, 0);
}
