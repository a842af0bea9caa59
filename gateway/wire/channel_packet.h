/* SPDX-License-Identifier: Apache-2.0
 * Several messages of a channel (channel.h) in one packet, in order: between hosts and the recorder a packet costs about
 * what a message costs, and there are three messages an exchange. Each begins at a multiple of eight bytes. */
#ifndef ASSAY_WIRE_CHANNEL_PACKET_H
#define ASSAY_WIRE_CHANNEL_PACKET_H

#include "gateway/wire/channel.h"

#define ASSAY_CHANNEL_PACKET_MAX (sizeof(struct assay_message) + ASSAY_CHANNEL_PAYLOAD_MAX)

/* All zero: empty. */
struct assay_channel_packet {
	size_t length, at; /* at: of the next message to be taken */
	_Alignas(struct assay_message) uint8_t bytes[ASSAY_CHANNEL_PACKET_MAX];
};

/* Add a message; its head has the payload's length. False: no room, send what is there first. */
bool assay_channel_add(struct assay_channel_packet *packet, const struct assay_message *head,
	const void *payload) ASSAY_WARN_UNUSED;

/* Send what was added, without waiting, and begin again. ASSAY_EFULL: the socket would block, nothing was sent and the
 * packet is as it was; ASSAY_EGONE. */
int assay_channel_send_packet(int fd, struct assay_channel_packet *packet) ASSAY_WARN_UNUSED;

/* Take a packet, without waiting: 1, 0 nothing there, ASSAY_EGONE closed. Descriptors that come along are closed: nobody
 * sends any on such a channel. */
int assay_channel_receive_packet(int fd, struct assay_channel_packet *packet) ASSAY_WARN_UNUSED;

/* As many as are there, up to `count`, with one system call: how many, 0 nothing there, ASSAY_EGONE. */
int assay_channel_receive_packets(
	int fd, struct assay_channel_packet packet[], unsigned count) ASSAY_WARN_UNUSED;
#define ASSAY_CHANNEL_PACKETS_MAX 16u

/* The next message, in the packet; NULL at the end, or where what follows is no message of ours. */
const struct assay_message *assay_channel_next(struct assay_channel_packet *packet, const void **payload);

#endif
