# frozen_string_literal: true

# Talks to a broker by Ruby's stomp: ruby-stomp.rb PORT VERSION QUEUE. Says each thing that worked; fails at the first
# that did not. The library puts content-length and content-type on every frame, and checks what it receives strictly.

require 'stomp'
require 'timeout'

PORT = Integer(ARGV[0])
VERSION = ARGV[1]
DESTINATION = ARGV[2]
WAIT_SECONDS = 20

def expect(step, got, wanted)
  abort "#{step}: expected #{wanted.inspect}, got #{got.inspect}" unless got == wanted
  puts "ok #{step}"
  $stdout.flush
end

def connect(more = {})
  headers = VERSION == '1.0' ? {} : { 'accept-version' => VERSION, 'host' => 'localhost' }
  Stomp::Connection.new({ hosts: [{ login: 'guest', passcode: 'guest', host: '127.0.0.1', port: PORT }],
                          reliable: false, connect_headers: headers }.merge(more))
end

def receive(connection)
  Timeout.timeout(WAIT_SECONDS) { connection.receive }
end

def settle(connection, verb, message)
  case VERSION
  when '1.2' then connection.public_send(verb, message.headers['ack'])
  when '1.1' then connection.public_send(verb, message.headers['message-id'], 'subscription' => message.headers['subscription'])
  else connection.public_send(verb, message.headers['message-id'])
  end
end

connection = connect
expect('connect', connection.protocol, VERSION)

connection.subscribe(DESTINATION, { 'id' => '1', 'ack' => 'client-individual', 'receipt' => 'subscribed' }, '1')
expect('subscribe', receive(connection).headers['receipt-id'], 'subscribed')

bodies = { 'send' => 'plain', 'emoji' => 'Grüße, 🎉 и 鍵', '1 MiB' => '0123456789abcdef' * 65_536,
           'octets' => (0..255).to_a.pack('C*') }
bodies.each do |step, body|
  connection.publish(DESTINATION, body, 'receipt' => step)
  expect("#{step} receipt", receive(connection).headers['receipt-id'], step)
  message = receive(connection)
  expect(step, message.body.b, body.b)
  settle(connection, :ack, message)
end

unless VERSION == '1.0'
  connection.publish(DESTINATION, 'work')
  first = receive(connection)
  settle(connection, :nack, first)
  again = receive(connection)
  expect('nack', [again.headers['message-id'], again.headers['redelivered']], [first.headers['message-id'], 'true'])
  settle(connection, :ack, again)
end

connection.begin('dropped')
connection.publish(DESTINATION, 'dropped', 'transaction' => 'dropped')
connection.abort('dropped')
connection.begin('kept')
connection.publish(DESTINATION, 'kept', 'transaction' => 'kept')
connection.commit('kept')
message = receive(connection)
expect('transaction', message.body, 'kept')
settle(connection, :ack, message)

connection.unsubscribe(DESTINATION, { 'id' => '1' }, '1')
connection.disconnect('receipt' => 'bye')
expect('disconnect', connection.disconnect_receipt.headers['receipt-id'], 'bye')

if VERSION == '1.2'
  crlf = connect(usecrlf: true, stompconn: true)
  crlf.subscribe("#{DESTINATION}.crlf", { 'id' => 'a:b' }, 'a:b')
  crlf.publish("#{DESTINATION}.crlf", "line\r\n", "a:b\n" => "c:\\\r\n")
  message = receive(crlf)
  expect('CRLF', [message.body, message.headers["a:b\n"], message.headers['subscription']], ["line\r\n", "c:\\\r\n", 'a:b'])
  crlf.disconnect
end

refused = connect
refused.publish('/nowhere', 'x')
expect('error', receive(refused).headers['message'], 'Unknown destination')
