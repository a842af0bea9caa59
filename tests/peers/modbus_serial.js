// SPDX-License-Identifier: Apache-2.0
// modbus-serial as a TCP server that holds [305, 65331, ...] from address 0 and prints its port, or as a client:
// node modbus_serial.js server REGISTER... | node modbus_serial.js client PORT UNIT ADDRESS COUNT
"use strict";
const modbus = require("modbus-serial");
const [mode, ...rest] = process.argv.slice(2);

if (mode === "server") {
	const registers = rest.map(Number);
	const port = registers.shift();
	const vector = {getHoldingRegister: (address) => registers[address] ?? 0};
	const server = new modbus.ServerTCP(vector, {host: "127.0.0.1", port, debug: false, unitID: 1});
	server.on("initialized", () => console.log("ready"));
} else {
	const [port, unit, address, count] = rest.map(Number);
	const client = new modbus();
	client.setTimeout(2000);
	client.connectTCP("127.0.0.1", {port}).then(async () => {
		client.setID(unit);
		const answer = await client.readHoldingRegisters(address, count);
		console.log(JSON.stringify(answer.data));
		try {
			await client.readHoldingRegisters(address + 1000, 1);
			console.log("no exception");
		} catch (error) {
			console.log(JSON.stringify(error.modbusCode));
		}
		client.close(() => process.exit(0));
	});
}
